/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of event channels and grants share with their peer. */
#ifndef GUEST_EVTCHN_H
#define GUEST_EVTCHN_H

#include "gic.h"
#include "platform.h"
#include "tap.h"

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>

#define PAGE	  4096ul
#define NR_EVENTS 256
#define WAIT_MS	  5000
#define NOWHERE	  (1ul << 47) /* nothing is mapped there */

#define EPERM	  1
#define ENOENT	  2
#define ESRCH	  3
#define EFAULT	  14
#define EEXIST	  17
#define EINVAL	  22
#define ENOSYS	  38
#define EOPNOTSUPP 95

/*
 * The peer: domain 1. It offers its port 1 to Dom0, and its page PEER_REF, to be written; what it finds in `todo` when an event
 * comes it does, then it sends one back.
 */
#define PEER	 1
#define PEER_PORT 1
#define PEER_REF  8
#define PEER_RO	  9 /* the same page, to be read */

enum peer_todo {
	PEER_ECHO,  /* count, and answer */
	PEER_SLEEP, /* SYSTEM_SUSPEND; answer when woken */
	PEER_MASK,  /* the same with the port masked, as Linux has it */
};

struct peer_page {
	volatile uint32_t todo;
	volatile uint32_t events;  /* that it has had */
	volatile uint32_t sleeps;  /* that it has come back from by its entry point */
	volatile uint32_t refused; /* SYSTEM_SUSPEND returned */
};

int64_t hypercall(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2);
int64_t event_op(uint32_t op, void *arg);
extern struct shared_info *const shared;
extern volatile uint32_t event_count[NR_EVENTS]; /* by port */
/* Called for each event. */
extern void (*event_hook)(uint32_t port);

bool events_map(void);
bool events_start_cpu(unsigned int n);
/* The calling CPU takes upcalls from here on. */
void events_on(void);
void events_taken(uint32_t intid);
uint64_t event_mask(uint32_t port, bool on);

/* evtchn_peer.c; never returns. */
void peer_run(void);

#endif
