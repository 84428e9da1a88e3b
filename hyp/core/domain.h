/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain (virtual machine) and its vCPUs.
 *
 * States: see docs/design.md, "Domains and power". Pausing is a count and independent of the state.
 *
 * Locks: domain.lock guards the fields so marked; vcpu.lock the vCPU's. Order: domain.lock,
 * vcpu.lock (docs/locking.md). An interrupt that wakes a suspended domain takes domain.lock, so whoever
 * raises one may hold a virtual device's lock, but no domain.lock.
 */
#ifndef DM_CORE_DOMAIN_H
#define DM_CORE_DOMAIN_H

#include "arch/guest.h"
#include "arch/spinlock.h"
#include "core/cpu.h"
#include "core/domain_policy.h"
#include "core/p2m.h"
#include "core/timer.h"
#include "lib/list.h"
#include "lib/types.h"
#include "mm/stage2.h"

#define MAX_DOMAINS	    64
#define DOMID_DOM0	    0
#define DOMAIN_NAME_SIZE    32
#define MAX_VCPUS_PER_DOMAIN 64

struct vgic;	  /* virt/vgic */
struct vgic_vcpu;
struct vtimer;	  /* virt/vtimer.h */
struct vmmio;	  /* virt/vmmio.h: the emulated devices */
struct vuart;
struct vrtc;
struct xen_domain; /* virt/hypercall/xen_domain.h */
struct vgpio;
struct domain;

enum domain_state {
	DOMAIN_BUILDING,  /* not yet runnable */
	DOMAIN_RUNNING,
	DOMAIN_SUSPENDED, /* its SYSTEM_SUSPEND was accepted; waits for a wake-up */
	DOMAIN_SHUTDOWN,  /* domain.shutdown_reason says why */
	DOMAIN_CRASHED,
};

/* Xen's SHUTDOWN_* values (public/sched.h). */
enum domain_shutdown_reason {
	DOMAIN_POWEROFF = 0,
	DOMAIN_REBOOT = 1,
	DOMAIN_SUSPEND = 2,
	DOMAIN_CRASH = 3,
	DOMAIN_WATCHDOG = 4,
};

enum vcpu_power {
	VCPU_OFF,	 /* not started, or CPU_OFF */
	VCPU_ON_PENDING, /* CPU_ON accepted, has not yet run */
	VCPU_ON,
};

/* Why a powered-on vCPU doesn't run; bits of vcpu.blocked. */
enum vcpu_block {
	VCPU_BLOCK_WFI,	   /* waits for an interrupt */
	VCPU_BLOCK_PAUSE,  /* the domain's pause count isn't 0 */
	VCPU_BLOCK_SUSPEND, /* called SYSTEM_SUSPEND */
	VCPU_BLOCK_DOWN,   /* domain shut down, crashed, building */
	VCPU_BLOCK_CAP,	   /* the domain has used up its cap; goes on by itself (core/sched_cap.c) */
	VCPU_BLOCK_DYING,  /* domain is being destroyed; never cleared */
	VCPU_BLOCK_CONTEXT, /* its registers are just being set */
	VCPU_BLOCK_DESTROY, /* waits until a domain that it destroys is gone */
};

/* vcpu.gate of one that may enter the guest. */
#define VCPU_GATE_OPEN	((uint64_t)VCPU_ON << 32)
#define VCPU_GATE_DIRTY BIT(40) /* vgic_dirty */

struct vcpu {
	struct guest_regs regs; /* must be first: assembly saves and loads it. Valid while not running. */

	struct domain *domain; /* constant */
	unsigned int id;       /* constant: index in domain.vcpus */

	struct spinlock lock;
	/*
	 * What keeps it out of the guest, in one word that is looked at without locks before each entry. An aligned load of
	 * 64 bits is single-copy atomic (Arm ARM B2.2.1): who sees one part's store sees all that came before it in another
	 * part, so vcpu_restart(), which writes power first and then clears blocked, is never seen half done.
	 */
	union {
		struct {
			uint32_t blocked; /* lock: bits of enum vcpu_block */
			uint8_t power;	  /* lock: enum vcpu_power */
			bool vgic_dirty;  /* vgic.lock: another CPU left something for vgic_flush() */
			uint16_t unused;
		};
		uint64_t gate;
	};
	bool running;		/* lock: on a CPU right now */
	bool waits;		/* lock: running, but in sched_wait_here() */
	bool loaded;		/* its CPU alone: that CPU's registers hold its EL1 state */
	bool queued;		/* sched_cpu.lock: on cpu's run queue */
	struct cpu *cpu;	/* lock: whose run queue it belongs to */
	uint64_t affinity;	/* lock: the CPUs it may run on, bit n for cpus[n] */
	uint64_t entry;		/* lock; PC and x0 to start with: for VCPU_ON_PENDING, or once its domain wakes */
	uint64_t context_id;

	bool vgic_raised;	/* its CPU alone: something became pending in a list register; virt/trap.c looks while it waits */
	uint64_t trap_value;	/* its CPU alone: what an emulated load or MRS reads; not on the stack, which costs a canary */

	struct list run_link;	/* sched: on a run queue */
	uint64_t vruntime;	/* sched: weighted ticks consumed */
	bool boosted;		/* sched: woken, and hasn't had more than its share: before others */
	uint64_t run_since;	/* sched: counter when it last got the CPU */
	uint64_t cpu_time;	/* sched: ticks consumed in all */
	uint64_t wakeups;	/* lock: how often it came out of waiting */

	struct guest_sysregs sysregs; /* EL1 registers; valid while not loaded on a CPU */
	struct guest_fp fp;

	struct vgic_vcpu *vgic; /* constant */
	struct vtimer *vtimer;	/* constant */

	/* PSCI STAT_* of this vCPU could go here; virt/vpsci owns `stat` */
	uint64_t stat_count;
	uint64_t stat_residency; /* counter ticks */
	uint64_t stat_since;	 /* counter when it called CPU_SUSPEND, 0: it doesn't wait in one */
};

/* An interrupt of the domain that no physical device stands behind: what it is called, what it counts as. */
struct domain_irq_name {
	uint32_t vintid;
	enum wake_source source;
	const char *name; /* NULL: free */
};
#define DOMAIN_IRQ_NAMES 6

struct domain_watchdog { /* core/watchdog.c's, and its lock's */
	uint64_t due;	 /* counter; while held: ticks that were left */
	bool armed;
};
#define DOMAIN_WATCHDOGS 2

/* How much of the CPUs a domain may use: core/sched_cap.c. */
struct domain_cap {
	struct spinlock lock;
	unsigned int percent; /* lock; of one CPU, for all its vCPUs together; 0: no limit */
	uint64_t used;	      /* lock; ticks of this period, and what was too much in the last */
	uint64_t since;	      /* lock; counter at the period's start */
	uint64_t set;	      /* lock; counter when percent was set */
	struct timer timer;   /* lock: armed while any vCPU is stopped by the cap */
};

/* How far its end is: core/domain_reap.c's alone, on the boot CPU. */
struct reap {
	unsigned int phase;
	uint64_t grace;	     /* waits for that grace period */
	struct vcpu *waiter; /* domain.lock: goes on when the memory is free */
	bool freed;	     /* domain.lock: it is, as far as nobody else has it mapped */
	bool again;	     /* then it is made anew: domain_set_rebuild() */
};

struct domain {
	uint16_t id;			 /* constant */
	char name[DOMAIN_NAME_SIZE];	 /* the control domain may change it: always ends in a zero */
	uint8_t handle[16];		 /* the control domain's: a UUID */
	bool privileged;		 /* constant: Dom0; may suspend the host and rule others */
	unsigned int nr_vcpus;		 /* constant */
	struct vcpu **vcpus;		 /* constant */
	struct stage2 s2;
	uint8_t last_vcpu[MAX_CPUS];	 /* that CPU alone: id + 1 of the vCPU that it loaded last, 0: none */
	struct p2m p2m;			 /* core/p2m.h */
	uint64_t tot_pages;		 /* p2m.lock: RAM that it has now */
	uint64_t max_pages;		 /* p2m.lock: that it may have */
	struct vgic *vgic;		 /* constant */
	struct vmmio *vmmio;		 /* constant */
	struct vuart *vuart;		 /* constant, may be NULL */
	bool console_apart;		 /* constant once started: Dom0's tool shows what it says */
	struct vrtc *vrtc;		 /* constant, may be NULL */
	struct xen_domain *xen;		 /* constant */
	bool direct_mapped;		 /* constant once started: guest addresses of its RAM are the machine's */
	uint32_t xen_ppi;		 /* constant once started: the interrupt that says that an event is pending */
	struct vgpio *vgpio;		 /* constant, may be NULL */

	struct spinlock lock;
	enum domain_state state;	 /* lock */
	enum domain_shutdown_reason shutdown_reason; /* lock */
	unsigned int pause_count;	 /* lock; in all */
	unsigned int control_pauses;	 /* lock; of these the control domain's: domain_ctl_pause() */
	uint64_t cntvoff;		 /* lock: CNTVOFF_EL2 */
	unsigned int weight;		 /* atomic; 256 is usual. sched_set_params() */
	struct domain_cap cap;

	enum host_suspend_policy host_suspend; /* core/domain_power.h, like all four: one word each, read as it is */
	enum time_policy time_policy;
	uint32_t veto_timeout_ms;	 /* 0: the usual one */
	uint32_t wake_off;		 /* bits of enum wake_source: those that do not wake it */
	struct domain_irq_name irq_names[DOMAIN_IRQ_NAMES]; /* constant once started */

	unsigned int boot_number; /* constant once started: what domain_rebuild_fn is told; 0: a reboot is its end */

	/* Guest suspend, core/domain_power.h. */
	struct vcpu *suspended;		 /* lock; DOMAIN_SUSPENDED: the vCPU that called */
	bool waking;			 /* lock; woken, its vCPU hasn't yet run at its entry point */
	bool wake_slept;		 /* lock; of the last one: false if it was pending at the call already */
	uint32_t wake_vintid;		 /* lock; of the last one */
	uint32_t nr_wakes;		 /* lock */

	struct domain_watchdog watchdogs[DOMAIN_WATCHDOGS];
	unsigned int watchdog_holds;	 /* core/watchdog.c, like the next */
	struct list watchdog_link;
	/* The end of it, core/domain_reap.c. */
	bool dying;			 /* lock to set, once; read without, see domain_get() */
	unsigned int refs;		 /* atomic */
	struct reap reap;
};

/*
 * The table. Written when a domain appears (complete, release) and when the boot CPU's reaper takes it away. Who reads an
 * entry, on any CPU, may use the domain without more ado until it is back in its CPU's main loop: nothing is freed
 * before every CPU has been there (core/domain_reap.c). That goes for interrupt and trap handlers and for the boot
 * CPU's posted work. Whoever keeps a pointer for longer holds a reference, or drops it in its module's stop hook.
 */
extern struct domain *domains[MAX_DOMAINS];

/* NULL if there is none or it is dying. Without a reference. */
struct domain *domain_by_id(uint16_t id);
/* The same with a reference. */
struct domain *domain_get(uint16_t id);
/*
 * With a reference: the first whose id is >= id, also a dying one, for listings. Of one that is dying (domain.dying says so)
 * there are only the fields of struct domain and of its struct vcpu's: the modules' things may go at any time.
 */
struct domain *domain_get_next(uint16_t id);
void domain_put(struct domain *d);

/*
 * What each higher layer does at points in a domain's life; main.c hands the ordered table down. stop and destroy are
 * called on the boot CPU, in reverse order, when no vCPU of it runs or is loaded any more; each may be NULL.
 *
 * stop: nobody may find the domain through this module afterwards: timers and alarms are cancelled, other domains' pointers
 * to it cleared. Callbacks that are under way on other CPUs end before destroy is called.
 * destroy: frees what the module has (also of a domain whose init failed: then fields may still be NULL).
 */
struct domain_module {
	const char *name;
	int (*init)(struct domain *d); /* 0 or a negative error; at creation, with vCPUs and stage 2 there */
	void (*stop)(struct domain *d);
	void (*destroy)(struct domain *d);
};
void domain_set_modules(const struct domain_module *modules, unsigned int count);

/*
 * What each higher layer does at points in a vCPU's life; main.c hands the ordered table down.
 * load/save run on the vCPU's CPU with it not running; save in reverse order of load.
 * reset brings the vCPU to what PSCI says of a CPU at its entry point (DEN0022 6.4).
 */
struct vcpu_module {
	const char *name;
	int (*init)(struct vcpu *v); /* 0 or -ENOMEM; at domain creation */
	void (*reset)(struct vcpu *v);
	void (*load)(struct vcpu *v);
	void (*save)(struct vcpu *v);
	void (*enter)(struct vcpu *v); /* may be NULL: last thing before the guest goes on from the run loop */
	/* As struct domain_module's, before its. */
	void (*stop)(struct vcpu *v);
	void (*destroy)(struct vcpu *v);
};
void vcpu_set_modules(const struct vcpu_module *const *modules, unsigned int count);

/* Boot: allocates the domain with its vCPUs (all OFF), in state BUILDING. NULL when there is no memory. */
struct domain *domain_create(uint16_t id, const char *name, unsigned int nr_vcpus);

#define DOMID_ANY 0xffff
struct domain_config {
	uint16_t id;	   /* DOMID_ANY: one that is free and hasn't been used for long */
	const char *name;
	unsigned int nr_vcpus;
	uint64_t max_pages;
	/* Called before anybody can find the domain, may be NULL: what it has to have then. 0 or -errno: no domain. */
	int (*build)(struct domain *d, const void *arg);
	const void *arg;
};
/*
 * A new domain, BUILDING, paused once, its vCPUs OFF; it has no devices and no RAM yet. 0; -ENOMEM, -EINVAL, -EEXIST (id
 * taken), -ENOSPC (no id left), or a module's or build()'s error. *out is without a reference: see domains[].
 */
int domain_new(const struct domain_config *config, struct domain **out);

/*
 * The domain's end, which nothing stops: its vCPUs stop and everything that it has is given back, by the boot CPU, a slice at
 * a time. From here on domain_get() doesn't find it. 0; -EINVAL: it is Dom0; -EBUSY: it is dying already. The caller's
 * reference stays the caller's.
 */
int domain_destroy(struct domain *d);
/*
 * After domain_destroy(), in a hypercall of v: v goes on when d's memory is free again. False: it waits not, for d is
 * gone already or somebody else waits for it.
 */
bool domain_destroy_wait(struct domain *d, struct vcpu *v);

/* Called, with no locks held, when a domain has shut down, crashed or gone (then it is not in the table). Any CPU. */
typedef void domain_state_fn(struct domain *d);
void domain_set_state_hook(domain_state_fn *fn);

/* Registers of a vCPU as the toolstack gives them. */
struct vcpu_context {
	uint64_t x[31], pc, pstate;
	uint64_t sp_el0, sp_el1, elr_el1, spsr_el1;
	uint64_t sctlr, tcr, ttbr0, ttbr1;
};
/*
 * v starts there, in PSCI's reset state but for c, once nothing blocks it; a domain being built is RUNNING then. c NULL: v
 * goes off. 0; -EBUSY: it is on (c given), or its domain isn't paused; -EAGAIN: it is just leaving its CPU, ask
 * again; -EINVAL: pstate isn't EL0's or EL1's.
 */
int domain_set_vcpu_context(struct vcpu *v, const struct vcpu_context *c);

/*
 * After domain_shutdown(DOMAIN_SUSPEND) by its own hypercall: RUNNING again, its vCPUs go on where they were. 0 or -EINVAL if it
 * isn't in that state.
 */
int domain_resume_shutdown(struct domain *d);
/* BUILDING -> RUNNING: vCPU 0 starts at entry with x0 = arg. */
void domain_start(struct domain *d, uint64_t entry, uint64_t arg);

/*
 * The toolstack's pauses, counted apart so that it can't undo Dormouse's own. -EINVAL: it isn't paused (or 255 times), -ETIMEDOUT
 * as below.
 */
int domain_ctl_pause(struct domain *d);
int domain_ctl_unpause(struct domain *d);

/* Counted. domain_pause_sync() returns when none of its vCPUs runs: 0, or -ETIMEDOUT (count unchanged). */
int domain_pause_sync(struct domain *d);
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);

/*
 * Any CPU. The domain stops, for good or (DOMAIN_SUSPEND) until domain_resume_shutdown(), and is there to be seen until it is
 * destroyed; Dom0's means the machine's (power off or reset by main.c's hook).
 * Without a Dom0 the machine is powered off when no domain is left. One that reboots and has a boot_number is destroyed and
 * made anew; any other that does is left to the toolstack.
 */
void domain_shutdown(struct domain *d, enum domain_shutdown_reason reason);
typedef void machine_down_fn(enum domain_shutdown_reason reason);
void domain_set_machine_down(machine_down_fn *fn);

/*
 * Makes and starts a domain of that boot_number (1 to 63) anew, the old one being gone: a piece of it, in the boot CPU's main loop.
 * -EAGAIN: call again with the same number; else 0, or an error after log_err().
 */
typedef int domain_rebuild_fn(unsigned int boot_number);
void domain_set_rebuild(domain_rebuild_fn *fn);

/*
 * CPU_ON's second half: power OFF -> ON_PENDING and queue it. 0, -EBUSY (on pending), -EEXIST (on).
 */
int vcpu_power_on(struct vcpu *v, uint64_t entry, uint64_t context_id);
/* The calling vCPU goes off; it won't return from the trap it is in. */
void vcpu_power_off(struct vcpu *v);
/*
 * The vCPU, blocked for `why` (among other reasons), goes on as if just powered on with the entry and context id that it
 * keeps, once nothing blocks it any more.
 */
void vcpu_restart(struct vcpu *v, enum vcpu_block why);
/* Applies the reset state + entry + context id now. The vCPU must not be running. */
void vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t context_id);

/* Sets/clears a reason not to run. Clearing the last one queues it and kicks its CPU. */
void vcpu_block(struct vcpu *v, enum vcpu_block why);
void vcpu_unblock(struct vcpu *v, enum vcpu_block why);
/* An interrupt became deliverable for v: wakes it from WFI, or makes its CPU re-enter so that it sees it. */
void vcpu_kick(struct vcpu *v);
/* The vCPU whose trap is being handled on this CPU. */
struct vcpu *vcpu_current(void);
/* Give up the CPU after this trap though runnable (YIELD, WFE). */
void vcpu_yield(struct vcpu *v);

#endif
