/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that throws everything at the hypervisor that EL1 can. */
#ifndef GUEST_FUZZ_H
#define GUEST_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "exc.h"
#include "platform.h"

#define SCRATCH_SIZE 0x10000

/* One vCPU's. */
struct fuzzer {
	uint64_t chance; /* state of the generator */
	uint64_t ops;
	unsigned int cpu;
	uint32_t *code;   /* where instructions are put together */
	uint8_t *scratch; /* what hypercalls may read and write */
	bool deadly;      /* this time what is likely to kill this guest is allowed */
};

uint64_t fuzz_random(struct fuzzer *f);
/* 0 to below-1 */
uint32_t fuzz_below(struct fuzzer *f, uint32_t below);
/* A value that means something here or there: a small number, a pointer, a frame, a device's address, all ones, ... */
uint64_t fuzz_value(struct fuzzer *f);
void fuzz_fill_scratch(struct fuzzer *f);
/* Runs the words with x0 and x1 set; what faults is skipped. */
void fuzz_execute(struct fuzzer *f, const uint32_t *words, unsigned int count, uint64_t x0, uint64_t x1);

/* fuzz_asm.S: calls code and survives what it does to the registers, SPSel and DAIF. */
void fuzz_call(void *code, uint64_t x0, uint64_t x1);

/* fuzz_call.c */
void fuzz_hypercall(struct fuzzer *f);
void fuzz_smccc(struct fuzzer *f);
void fuzz_suspend(struct fuzzer *f);
/* fuzz_insn.c */
void fuzz_sysreg(struct fuzzer *f);
void fuzz_device(struct fuzzer *f);
void fuzz_fetch(struct fuzzer *f);
void fuzz_exception(struct fuzzer *f);
void fuzz_map_alias(void);

#endif
