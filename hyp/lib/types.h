/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Basic types. Physical and intermediate physical addresses are one-field structs, so that the
 * compiler rejects one used as the other. EL2 maps memory identically (VA = PA, docs/memory-map.md),
 * which is why pa_ptr() is a cast.
 */
#ifndef DM_LIB_TYPES_H
#define DM_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint64_t raw;
} paddr_t; /* physical address, bytes */

typedef struct {
	uint64_t raw;
} ipa_t; /* intermediate physical address: what a guest calls physical, bytes */

static inline paddr_t pa_make(uint64_t raw)
{
	return (paddr_t){ .raw = raw };
}

static inline ipa_t ipa_make(uint64_t raw)
{
	return (ipa_t){ .raw = raw };
}

static inline void *pa_ptr(paddr_t pa)
{
	return (void *)(uintptr_t)pa.raw;
}

static inline paddr_t ptr_pa(const volatile void *p)
{
	return pa_make((uint64_t)(uintptr_t)p);
}

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

#define PAGE_SHIFT 12
#define PAGE_SIZE  ((uint64_t)1 << PAGE_SHIFT)

#define BIT(n)		   ((uint64_t)1 << (n))
#define MASK(hi, lo)	   ((~(uint64_t)0 >> (63 - (hi))) & ~(BIT(lo) - 1))
#define FIELD(v, hi, lo)   (((v) & MASK(hi, lo)) >> (lo))
#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(x, a)   ((x) & ~((uint64_t)(a) - 1))
#define ALIGN_UP(x, a)	   ALIGN_DOWN((x) + (a) - 1, a)
#define IS_ALIGNED(x, a)   (((x) & ((uint64_t)(a) - 1)) == 0)
#define DIV_ROUND_UP(x, d) (((x) + (d) - 1) / (d))

#define container_of(ptr, type, member) \
	((type *)(uintptr_t)((uintptr_t)(ptr) - offsetof(type, member)))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define __noreturn	    __attribute__((noreturn))
/*
 * One load of an aligned word of at most 64 bits, unordered: what __atomic_load_n(&x, __ATOMIC_RELAXED) is, but with the
 * address folded into the instruction.
 */
#define load_once(x) (*(const volatile __typeof__(x) *)&(x))

#define __no_canary	    __attribute__((no_stack_protector))
#define __noinline	    __attribute__((noinline))
#define __used		    __attribute__((used))
#define __must_check	    __attribute__((warn_unused_result))
#define __noinit	    __attribute__((section(".bss.noinit"))) /* kept through a reset: dormouse.lds */
#define __printf_like(f, a) __attribute__((format(printf, f, a)))

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
