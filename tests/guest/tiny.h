/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tiny domain (tiny.S) made by a bare guest that is Dom0, by the calls that the tool and libxl make. One at a time.
 */
#ifndef GUEST_TINY_H
#define GUEST_TINY_H

#include "abi/domu.h"
#include "abi/dormouse.h"
#include "libc.h"
#include "platform.h"
#include "psci.h"
#include "tap.h"
#include "timer.h"

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/sysctl.h>

#define PAGE	  4096ul
#define RAM_PAGES 16 /* of the tiny domain */
#define LAST_PAGE (DOMU_RAM / PAGE + RAM_PAGES - 1)
#define WAIT_MS	  5000
#define EPERM	  1
#define ESRCH	  3
#define EACCES	  13
#define EFAULT	  14
#define EBUSY	  16
#define EEXIST	  17
#define EINVAL	  22
#define ENOSYS	  38
#define EOPNOTSUPP 95
#define NOWHERE	  (1ul << 47) /* nothing is mapped there */

int64_t hypercall(uint64_t nr, uint64_t a0, uint64_t a1);

/* Arguments of the calls below, which fill in version and number. */
extern struct xen_domctl domctl;
extern struct xen_sysctl sysctl;
extern struct dm_op op;
int64_t do_domctl(uint32_t cmd, unsigned int domid);
int64_t do_sysctl(uint32_t cmd);
int64_t do_op(uint32_t nr);

uint64_t free_pages(void);

/* A domain that is ready to run, paused once, with all devices; its last page is in ours. 0: it failed. */
unsigned int build(void);
void destroy(unsigned int domid);
void hide(void); /* its second half: what was its page is our own RAM again */

/* Its last page: the word that it counts up, and (in answers) what it was told. */
extern volatile uint64_t *const counter;
uint64_t counted(void);
void look(void); /* all of the page is as it has left it */
/* What tiny.S calls TODO. */
void tell(uint64_t todo);
/* It counts, within a time that a busy host needs. */
bool counts(void);
bool stands_still(void);

const struct xen_domctl_getdomaininfo *info(unsigned int domid);
extern struct dm_domain listed;
const struct dm_domain *state_of(unsigned int domid); /* &listed */
bool comes_to(unsigned int domid, uint8_t state);

/* It has said this since we last listened; 0: to its beginning. */
extern uint64_t console_cursor;
bool says(unsigned int domid, const char *what);

#endif
