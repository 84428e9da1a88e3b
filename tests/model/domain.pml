/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's own suspend (docs/suspend.md, "A domain sleeps"), lock by lock and store by store: its vCPU on its CPU, another
 * CPU that raises an interrupt, and a third on which the control domain pauses it, resumes it, and switches wake-up sources off and on.
 *
 * Here what is done under a lock is several steps, since others look without it. Memory is sequentially consistent;
 * that the barriers make it so where it counts is not shown (docs/proof.md).
 */
#ifndef SUSPENDS
#define SUSPENDS 2
#endif
#ifndef RAISES
#define RAISES	 2
#endif

/* vcpu.blocked */
#define WFI	1
#define PAUSE	2
#define SUSPEND	4

/* struct domain, struct vcpu */
bool domain_lock, v_lock, vgic_lock;
bool suspended;	/* domain.state */
bool waking;
byte pauses;
byte blocked;
bool on_pending; /* vcpu.power; else ON */
bool running, queued, loaded;
bool wake_off;	/* the interrupt's source is switched off */

/* its CPU */
bool work, ipi;

/* its interrupt */
bool pending, in_lr, dirty;

/* what is proven about */
bool in_call;	/* has called, and hasn't gone on at its entry point since */
bool stopped;	/* domain_pause_sync() has come back, no unpause since */
byte calls, resumes, raised, got;
byte commands;
bool ended;

#define lock(l)	  atomic { !l -> l = true }
#define unlock(l) assert(l); l = false

/* code: hyp/core/cpu.c:cpu_post: __atomic_fetch_or < smp_kick */
#define post_from_far() work = true; ipi = true
#define post_from_here() work = true

#define runnable (blocked == 0)
#define FAR  1
#define HERE 0

/* code: hyp/core/sched.c:sched_enqueue_locked: v->running || v->queued < return < sched_add_locked */
inline enqueue(far)
{
	if
	:: running || queued
	:: else ->
		queued = true;
		if
		:: far -> post_from_far()
		:: else -> post_from_here()
		fi
	fi
}

inline enqueue_if_runnable(far)
{
	if
	:: runnable -> enqueue(far)
	:: else
	fi
}

/* code: hyp/core/vcpu.c:vcpu_block: spin_lock < blocked |= < sched_dequeue_locked < cpu_post < spin_unlock */
inline vcpu_block(far, why)
{
	lock(v_lock);
	blocked = blocked | why;
	queued = false;
	if
	:: far && running -> post_from_far()
	:: else
	fi;
	unlock(v_lock)
}

/* code: hyp/core/vcpu.c:vcpu_unblock: spin_lock < blocked &= < sched_enqueue_locked < spin_unlock */
inline vcpu_unblock(far, why)
{
	lock(v_lock);
	if
	:: blocked & why ->
		blocked = blocked & ~why;
		enqueue_if_runnable(far)
	:: else
	fi;
	unlock(v_lock)
}

/* code: hyp/core/vcpu.c:vcpu_kick: spin_lock < VCPU_BLOCK_WFI < blocked &= < sched_enqueue_locked < smp_kick < spin_unlock */
inline vcpu_kick()
{
	lock(v_lock);
	if
	:: blocked & WFI ->
		blocked = blocked & ~WFI;
		enqueue_if_runnable(FAR)
	:: else ->
		if
		:: running -> ipi = true
		:: else
		fi
	fi;
	unlock(v_lock)
}

/* code: hyp/core/vcpu.c:vcpu_restart: spin_lock < VCPU_ON_PENDING < blocked < sched_enqueue_locked < spin_unlock */
inline vcpu_restart(far)
{
	lock(v_lock);
#ifdef MUTANT_UNBLOCK_FIRST
	blocked = blocked & ~SUSPEND;
	on_pending = true;
#else
	on_pending = true;
	blocked = blocked & ~SUSPEND;
#endif
	enqueue_if_runnable(far);
	unlock(v_lock)
}

/* code: hyp/core/domain_power.c:domain_wake: spin_lock < DOMAIN_SUSPENDED < waking, true < DOMAIN_RUNNING < vcpu_restart < spin_unlock */
inline domain_wake(far)
{
	lock(domain_lock);
	if
	:: suspended ->
		waking = true;
		suspended = false;
		vcpu_restart(far)
	:: else
	fi;
	unlock(domain_lock)
}

#define may_wake (!wake_off)

/* code: hyp/virt/vgic/vgic.c:vgic_wake_pending: spin_lock < spi_wakes < vgic_unlock */
/* code: hyp/core/domain_power.c:domain_wake_pending: ops->pending */
inline look(found)
{
	lock(vgic_lock);
	found = (pending || in_lr) && may_wake;
	unlock(vgic_lock)
}

/* ---- the vCPU and its CPU ---- */

/* code: hyp/core/domain_power.c:domain_suspend: spin_lock < DOMAIN_RUNNING < vcpu_block < d->suspended = < DOMAIN_SUSPENDED < spin_unlock */
/* code: hyp/virt/vpsci.c:suspend_guest: domain_suspend < domain_wake_pending < domain_wake */
inline suspend_guest()
{
	calls++;
	in_call = true;
#ifdef MUTANT_LOOK_FIRST
	look(found);
#endif
	lock(domain_lock);
	vcpu_block(HERE, SUSPEND);
	suspended = true;
	unlock(domain_lock);
#ifndef MUTANT_LOOK_FIRST
	look(found);
#endif
	if
	:: found -> domain_wake(HERE)
	:: else
	fi;
	found = false
}

inline block_for_interrupt()
{
	vcpu_block(HERE, WFI);
	lock(vgic_lock);
	found = pending || in_lr;
	unlock(vgic_lock);
	if
	:: found -> vcpu_unblock(HERE, WFI)
	:: else
	fi;
	found = false
}

/* code: hyp/core/sched.c:sched_wait_here: wait_begins < VCPU_GATE_OPEN < work < wfi < irq_take_one < wait_ends < vgic_dirty */
inline wait_here()
{
	if
	:: true ->	/* another vCPU wants a CPU */
	:: true ->
		do
		:: blocked == 0 && !on_pending && !dirty && !work -> ipi; ipi = false
		:: else -> break
		od;
		found = dirty
	fi
}

/* code: hyp/virt/vgic/vgic_vcpu.c:vgic_flush_here: vgic_dirty, false < vgic_refresh_all < vgic_fill */
inline vgic_flush_here()
{
	dirty = false;
	in_lr = in_lr || pending;
	pending = false
}

/* code: hyp/virt/trap.c:on_wfx: vgic_pending < sched_wait_here < vcpu_block < vgic_pending < vcpu_unblock */
/* code: hyp/virt/vgic/vgic.c:vgic_pending: spin_lock < vgic_flush_here < vgic_unlock */
inline wait_for_interrupt()
{
	lock(vgic_lock);
	vgic_flush_here();
	found = in_lr;
	unlock(vgic_lock);
	if
	:: !found -> wait_here()
	:: else
	fi;
	if
	:: !found -> block_for_interrupt()
	:: else
	fi;
	found = false
}

/* code: hyp/virt/vgic/vgic_vcpu.c:vgic_flush: spin_lock < vgic_flush_here < vgic_unlock */
inline vgic_flush()
{
	lock(vgic_lock);
	vgic_flush_here();
	unlock(vgic_lock)
}

/* code: hyp/virt/trap_exit.h:trap_may_go_on: v->gate < VCPU_GATE_OPEN < work */
inline look_at_itself()
{
	goes = !work;
	goes = goes && blocked == 0;
#ifdef MUTANT_POWER_UNSEEN
	skip
#else
	goes = goes && !on_pending
#endif
}

/* code: hyp/virt/trap.c:trap_flush_and_go_on: VCPU_GATE_DIRTY < vgic_flush < trap_may_go_on */
inline go_on()
{
#ifdef MUTANT_FLUSH_FIRST
	if
	:: dirty -> vgic_flush()
	:: else
	fi;
	look_at_itself();
#else
	look_at_itself();
	if
	:: goes && dirty ->
		vgic_flush();
		look_at_itself()
	:: else
	fi;
#endif
	if
	:: goes -> goes = false
	:: else -> break
	fi
}

/* One instruction of the guest. */
inline runs()
{
	assert(!in_call);	/* it hasn't slipped past its call */
	assert(!stopped)
}

inline guest()
{
	do
	:: ipi -> ipi = false; go_on()
	:: else ->
		if
		:: atomic { in_lr -> runs(); in_lr = false; got++; assert(got <= raised) }
		:: atomic { calls < SUSPENDS -> runs() } suspend_guest(); go_on()
		:: !in_lr -> runs(); wait_for_interrupt(); go_on()
		:: !in_lr -> runs(); ipi	/* computes */
		fi
	od
}

/* code: hyp/core/vcpu.c:finish_power_on: VCPU_ON_PENDING < vcpu_reset < VCPU_ON < domain_woken */
inline finish_power_on()
{
	lock(v_lock);
	found = on_pending;
	unlock(v_lock);
	if
	:: found ->
		/* vcpu_reset(): nothing of it is loaded any more */
		pending = pending || in_lr;
		in_lr = false;
		loaded = false;
		resumes++;
		assert(in_call && resumes == calls);
		in_call = false;
		lock(v_lock);
		on_pending = false;
		unlock(v_lock);
		/* code: hyp/core/domain_power.c:domain_woken: spin_lock < waking, false < spin_unlock */
		lock(domain_lock);
		waking = false;
		unlock(domain_lock)
	:: else
	fi;
	found = false
}

/* code: hyp/core/sched.c:cpu_loop: do_work < pick < run < idle */
/* code: hyp/core/sched.c:start_locked: sched_remove_locked < running = true */
/* code: hyp/core/sched.c:run: vcpu_load < vcpu_enter_guest < put */
/* code: hyp/core/sched.c:put: spin_lock < running = false < vcpu_runnable_locked < stop_locked < spin_unlock */
proctype cpu()
{
	bool found, goes;

	do
	:: work -> work = false
	:: !work && queued ->
		lock(v_lock);
		if
		:: queued ->
			queued = false;
			running = true;
			unlock(v_lock);
			finish_power_on();
			lock(vgic_lock);
			loaded = true;
			dirty = false;
			in_lr = in_lr || pending;
			pending = false;
			unlock(vgic_lock);
			if
			:: !work -> guest()
			:: else
			fi;
			goes = false;
			lock(v_lock);
			running = false;
			queued = runnable;
			unlock(v_lock)
		:: else -> unlock(v_lock)
		fi
	:: !work && !queued -> ipi; ipi = false
	od
}

/* ---- another CPU ---- */

/* code: hyp/virt/vgic/vgic.c:vgic_edge: find_and_lock < latch < vgic_update < vgic_unlock */
/* code: hyp/virt/vgic/vgic.c:vgic_unlock_and_tell: spin_unlock < domain_is_suspended < domain_wake < vcpu_kick */
proctype raiser()
{
	bool wake;

	do
	:: raised < RAISES ->
		(raised == got); /* or they merge */
#ifdef MUTANT_RAISE_LOOKS_FIRST
		wake = suspended && may_wake;
#endif
		lock(vgic_lock);
		raised++;
		pending = true;
		dirty = true;
#ifndef MUTANT_RAISE_LOOKS_FIRST
		wake = may_wake;
#endif
		unlock(vgic_lock);
		if
#ifdef MUTANT_RAISE_LOOKS_FIRST
		:: wake -> domain_wake(FAR)
#else
		:: wake && suspended -> domain_wake(FAR)
#endif
		:: else
		fi;
		vcpu_kick();
		wake = false
	od
}

/* ---- and the control domain's ---- */

/* code: hyp/core/domain.c:pause_locked: pause_count++ == 0 < block_all */
/* code: hyp/core/domain.c:domain_pause_sync: domain_pause_nosync < wait_stopped */
inline pause_sync()
{
	lock(domain_lock);
	pauses++;
	vcpu_block(FAR, PAUSE);
	unlock(domain_lock);
	atomic { !running -> stopped = true }
}

/* code: hyp/core/domain.c:unpause_locked: --d->pause_count == 0 < unblock_all */
inline unpause()
{
	stopped = false;
	lock(domain_lock);
	pauses--;
	vcpu_unblock(FAR, PAUSE);
	unlock(domain_lock)
}

/* code: hyp/core/domain_power.c:domain_resume: domain_is_suspended < WAKE_COMMAND < domain_wake */
inline resume()
{
	if
	:: suspended -> domain_wake(FAR)
	:: else
	fi
}

/* code: hyp/core/domain_power.c:domain_wake_set: wake_off < domain_is_suspended < domain_wake_pending < domain_wake */
inline switch_on()
{
#ifdef MUTANT_SWITCH_LOOKS_FIRST
	look(found);
	wake_off = false;
#else
	wake_off = false;
	if
	:: suspended -> wake_off = false; look(found)
	:: else
	fi;
#endif
	if
	:: found -> domain_wake(FAR)
	:: else
	fi;
	found = false
}

proctype control()
{
	bool found;

	do
	:: commands < 2 ->
		commands++;
		if
		:: pause_sync(); unpause()
		:: resume()
		:: wake_off = true; switch_on()
		:: pause_sync(); resume(); unpause()
		:: break
		fi
	:: else -> break
	od;
	ended = true
}

proctype monitor()
{
	timeout;
	assert(!domain_lock && !v_lock && !vgic_lock && ended);
	assert(!waking && !on_pending && pauses == 0);
	assert(suspended == in_call);
	/* Asleep with a wake-up, or in the way of it with none that is seen. */
	assert(!(suspended && (pending || in_lr)));
	assert(suspended || raised == got);
	assert(!(running && dirty))
}

init
{
	atomic {
		queued = true;
		run cpu();
		run raiser();
		run control();
		run monitor()
	}
}

#ifdef LIVENESS
ltl delivered { [] (raised != got -> <> (raised == got)) }
ltl resumed { [] ((in_call && raised != got) -> <> !in_call) }
#endif
