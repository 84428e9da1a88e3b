/* SPDX-License-Identifier: Apache-2.0 */
/* Xen's hypercalls, made by a Dom0 that means no good. */
#ifndef GUEST_HYPERCALL_TESTS_H
#define GUEST_HYPERCALL_TESTS_H

#include <stdint.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* Xen's public errno.h. */
#define EPERM  1
#define ENOENT 2
#define ESRCH  3
#define E2BIG  7
#define EFAULT 14
#define EINVAL 22
#define ENOSYS 38

#define NOBODY 63 /* no domain has this id */

/* x16 = nr; the result. */
static inline int64_t hypercall(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	register uint64_t x0 __asm__("x0") = a0;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = 0;
	register uint64_t x4 __asm__("x4") = 0;
	register uint64_t x16 __asm__("x16") = nr;

	__asm__ volatile("hvc #0xea1"
	                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16)
	                 :
	                 : "memory");
	return (int64_t)x0;
}

static inline int64_t hypercall_on(uint64_t nr, uint64_t op, void *arg)
{
	return hypercall(nr, op, (uintptr_t)arg, 1);
}

/* Pages of the guest's own that a test may lose. */
#define NR_PAGES 8
extern uint8_t pages[NR_PAGES][4096];

static inline uint64_t gfn_of(const void *p)
{
	return (uintptr_t)p >> 12;
}

/* hypercall_xen.c */
void own_version(void);
void own_parameters(void);
void gives_memory_up(void);
void maps_shared_info(void);
void grant_frames(void);
void registers_vcpu_info(void);
void event_to_itself(void);
void clock_is_told(void);

#endif
