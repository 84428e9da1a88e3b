/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's suspend, with a wake-up interrupt that may come at any time (docs/proof.md, "The model").
 *
 * Two CPUs, Dom0 and a DomU with one vCPU each, on any of them; one interrupt, level or edge, of Dormouse's own or of a
 * device of either domain; the firmware; and any row of the table may fail once. Rows and hooks are the real ones: table.pml is made
 * from hyp/suspend/steps.c by drift.py, which also looks up every "code" comment below, and the order of what it names.
 *
 * What one atomic block holds is one critical section, or what one CPU does where nobody else can look.
 * Bounded waits have no limit here, except where the other side may refuse: a limit is for what is broken.
 */
#include "table.pml"

#define NONE	 255
#define DOM0	 0
#define DOMU	 1
#define BOOT	 0

#ifndef REQUESTS
#define REQUESTS 1	/* Dom0's calls */
#endif
#ifndef RAISES
#define RAISES	 1
#endif

/* vcpu.blocked, enum vcpu_block */
#define WFI	1
#define PAUSE	2
#define SUSPEND	4

/* struct cpu.work, enum cpu_work */
#define RESCHED	   1
#define UNLOAD	   2
#define OFFLINE	   4
#define RUN_SUSPEND 8

/* errors of hooks; the commit row's results */
#define OK	  0
#define EIO	  1
#define EBUSY	  2
#define DID_NOT_SLEEP 3

/* enum dm_journal_outcome */
#define SLEPT	   1
#define NO_SLEEP   2
#define TEST	   3
#define FAILED	   4

/* enum host_suspend_policy */
#define FREEZE	0
#define REQUIRE	1
#define VETO	2

/* ---- what this machine is: chosen once ---- */
bool edge;	/* the interrupt's trigger */
bool hyp;	/* Dormouse's own device, that speaks for its owner; else the owner's */
bool owner;	/* DOM0, DOMU: who is to get it */
bool wakes;	/* it is among the wake-up sources */
bool other;	/* something else wakes a sleeping machine, too */
byte policy;	/* DOMU's */
bool home[2];	/* the CPU of the vCPU of each domain; moves only if its CPU doesn't come back */

/* ---- hardware ---- */
bool line;	/* the device's output */
bool latched;	/* GICD_ISPENDR, edge */
bool hw_active;
bool hw_enabled = true;
bool target;
bool gic_on[2] = true; /* the CPU's interface */
bool ipi[2];
bool power_off[2];
bool asleep;

#define pends	   (edge -> latched : line)
#define irq_to(c)  (hw_enabled && pends && !hw_active && target == c && gic_on[c])

/* ---- software ---- */
byte work[2];
bool online[2] = true;
byte loaded[2] = NONE;	/* struct cpu.loaded */
byte blocked[2];
bool running[2];
bool restart[2];	/* power is VCPU_ON_PENDING */
bool suspended[2];	/* domain.state is DOMAIN_SUSPENDED, else RUNNING */
bool waking[2];
byte pauses[2];

/* the owner's virtual interrupt */
bool v_latch, v_lr, v_active, v_dirty;

/* suspend.c */
bool request;		/* request.caller: Dom0's vCPU */
bool serving_asks;
bool look_timer;
bool dom0_ready;
byte outcome;
/* freeze.c, by domain */
bool stopped[2];
bool due[2];
bool grace_timer;
bool ask_over;
bool dom0_ran;
/* ask.c */
bool asked;
bool time_is_up;	/* of the one that was asked */
/* rows */
bool pages_forbidden, routed, woken_flag, faulted;
bool saved_latched, saved_active, saved_enabled, saved_wake, saved_valid;

/* ---- what is proven about ---- */
byte raised, got;
byte calls, answers;
bool busy;	/* the engine, at its work */
bool lost_cpu;	/* CPU 1 didn't come back, which is allowed */
bool refused_off;

#define V_PENDING (v_latch || v_lr)

/* The interrupt reaches its owner once. */
inline handle_irq()
{
	atomic {
		v_lr = false;
		v_active = true;
		got++;
		assert(got <= raised);
		line = false
	}
}

/* ---- core/cpu.c, core/vcpu.c, core/sched.c ---- */

/* code: hyp/core/cpu.c:cpu_post: __atomic_fetch_or < smp_kick */
/* code: hyp/core/smp.c:smp_kick: c->online < SMP_SGI_KICK */
#ifdef MUTANT_NO_KICK
#define cpu_post(me, c, what) work[c] = work[c] | what
#else
#define cpu_post(me, c, what)			\
	work[c] = work[c] | what;		\
	if					\
	:: c != me && online[c] -> ipi[c] = true \
	:: else					\
	fi
#endif

#define runnable(v) (blocked[v] == 0)

/* code: hyp/core/sched.c:sched_enqueue_locked: running < sched_add_locked */
/* code: hyp/core/sched.c:sched_add_locked: sched_insert_locked < cpu_post */
#define enqueue(me, v)				\
	if					\
	:: runnable(v) && !running[v] -> cpu_post(me, home[v], RESCHED) \
	:: else					\
	fi

/* code: hyp/core/vcpu.c:vcpu_block: blocked |= < cpu_post */
#define vcpu_block(me, v, why)			\
	atomic {				\
		blocked[v] = blocked[v] | why;	\
		if				\
		:: running[v] && home[v] != me -> cpu_post(me, home[v], RESCHED) \
		:: else				\
		fi				\
	}

/* code: hyp/core/vcpu.c:vcpu_unblock: blocked &= < sched_enqueue_locked */
#define vcpu_unblock(me, v, why)		\
	atomic {				\
		if				\
		:: blocked[v] & why ->		\
			blocked[v] = blocked[v] & ~why; \
			enqueue(me, v)		\
		:: else				\
		fi				\
	}

/* code: hyp/core/vcpu.c:vcpu_restart: VCPU_ON_PENDING < blocked < sched_enqueue_locked */
/* code: hyp/core/domain_power.c:domain_wake: waking, true < DOMAIN_RUNNING < vcpu_restart */
inline domain_wake(me, d)
{
	atomic {
		if
		:: suspended[d] ->
			waking[d] = true;
			suspended[d] = false;
			restart[d] = true;
			blocked[d] = blocked[d] & ~SUSPEND;
			enqueue(me, d)
		:: else
		fi
	}
}

/* code: hyp/core/vcpu.c:vcpu_kick: VCPU_BLOCK_WFI < sched_enqueue_locked < smp_kick */
inline vcpu_kick(me, v)
{
	atomic {
		if
		:: blocked[v] & WFI ->
			blocked[v] = blocked[v] & ~WFI;
			enqueue(me, v)
		:: else ->
			if
			:: running[v] && home[v] != me && online[home[v]] -> ipi[home[v]] = true
			:: else
			fi
		fi
	}
}

/* code: hyp/core/domain.c:pause_locked: block_all */
inline domain_pause_sync(me, d)
{
	atomic {
		pauses[d]++;
		blocked[d] = blocked[d] | PAUSE;
		if
		:: running[d] && home[d] != me -> cpu_post(me, home[d], RESCHED)
		:: else
		fi
	}
	!running[d] /* code: hyp/core/domain.c:domain_pause_sync: domain_pause_nosync < wait_stopped */
}

/* code: hyp/core/domain.c:unpause_locked: --d->pause_count < unblock_all */
inline domain_unpause(me, d)
{
	atomic {
		assert(pauses[d] > 0);
		pauses[d]--;
		if
		:: pauses[d] == 0 ->
			blocked[d] = blocked[d] & ~PAUSE;
			enqueue(me, d)
		:: else
		fi
	}
}

/* ---- the virtual GIC ---- */

/* code: hyp/virt/vgic/vgic_lr.c:vgic_fill: attach */
#define vgic_fill(v)				\
	if					\
	:: v == owner ->			\
		v_dirty = false;		\
		if				\
		:: v_latch && !v_active -> v_latch = false; v_lr = true \
		:: else				\
		fi				\
	:: else					\
	fi

/* code: hyp/virt/vgic/vgic_vcpu.c:vgic_flush_here: vgic_dirty, false < vgic_refresh_all < vgic_fill */
#define flush_if_needed(v)			\
	atomic {				\
		if				\
		:: v_dirty -> vgic_fill(v)	\
		:: else				\
		fi				\
	}

/* code: hyp/virt/vgic/vgic.c:vgic_hw_fired: find_and_lock < latch = true < vgic_update < vgic_unlock */
/* code: hyp/virt/vgic/vgic.c:vgic_unlock_and_tell: spin_unlock < domain_is_suspended < domain_wake < vcpu_kick */
inline vgic_raise(me)
{
	atomic {
		v_latch = true;
		if
		:: loaded[me] == owner -> vgic_fill(owner)
		:: else -> v_dirty = true
		fi
	}
	if
	:: wakes && suspended[owner] -> domain_wake(me, owner)
	:: else
	fi;
	vcpu_kick(me, owner)
}

/* code: hyp/core/irq.c:dispatch: gic->eoi < guest_fn < d->fn < gic->deactivate */
inline irq_dispatch(me)
{
	atomic {
		ipi[me] = false;
		acked = irq_to(me);
		if
		:: acked ->
			hw_active = true;
			latched = false;
			line = line && !hyp /* its handler deals with it */
		:: else
		fi
	}
	if
	:: acked ->
		acked = false;
		vgic_raise(me);
		if
		:: hyp -> hw_active = false
		:: else
		fi
	:: else
	fi
}

/* code: hyp/core/vcpu.c:vcpu_unload: modules[i]->save < v->loaded, false < c->loaded, NULL */
#define vcpu_unload(me)				\
	atomic {				\
		if				\
		:: loaded[me] == owner && v_lr -> v_lr = false; v_latch = true \
		:: else				\
		fi;				\
		loaded[me] = NONE		\
	}

/* ---- freeze.c, ask.c ---- */

/* code: hyp/suspend/freeze.c:objection: REQUIRE < VETO < ask_over */
#define objection (!suspended[DOMU] && (policy == REQUIRE || (policy == VETO && ask_over)))

/* code: hyp/suspend/ask.c:ask_done: domain_wake < ask_forget */
inline ask_done()
{
	if
	:: asked -> domain_wake(BOOT, DOMU)
	:: else
	fi;
	asked = false
}

/* code: hyp/suspend/freeze.c:thaw: stopped = false < domain_unpause < ask_done */
inline thaw(d)
{
	/* Dom0 first */
	assert(d == DOM0 || !stopped[DOM0]);
	stopped[d] = false;
	due[d] = false;
	if
	:: d == DOM0 -> dom0_ran = false
	:: else
	fi;
	domain_unpause(BOOT, d);
	if
	:: d == DOMU -> ask_done()
	:: else
	fi
}

/* code: hyp/suspend/freeze.c:freeze_thaw: thaw < arm */
inline freeze_thaw(dom0_first)
{
#ifdef MUTANT_OTHERS_FIRST
	if
	:: stopped[DOMU] -> thaw(DOMU)
	:: else
	fi;
#endif
	if
	:: stopped[DOM0] -> thaw(DOM0)
	:: else
	fi;
	if
	:: stopped[DOMU] && !(dom0_first) -> thaw(DOMU)
	:: stopped[DOMU] && (dom0_first) -> due[DOMU] = true
	:: else
	fi;
	grace_timer = stopped[DOMU]
}

/* code: hyp/suspend/freeze.c:grace_over: dom0_has_run < thaw < arm */
inline grace_over()
{
	grace_timer = false;
	if
	:: stopped[DOMU] && due[DOMU] && dom0_ran -> dom0_ran = false; thaw(DOMU)
	:: else -> grace_timer = stopped[DOMU]
	fi
}

/* code: hyp/suspend/freeze.c:freeze_dom0_ready: stopped < thaw */
inline freeze_dom0_ready()
{
	if
	:: !stopped[DOM0] && stopped[DOMU] ->
		grace_timer = false;
		thaw(DOMU)
	:: else
	fi
}

/* ---- the rows' hooks, as the table names them ---- */

/* code: hyp/suspend/steps.c:check_firmware */
inline check_firmware(error) { skip }
/* code: hyp/suspend/steps.c:check_drivers */
inline check_drivers(error) { skip }
/* code: hyp/suspend/steps.c:check_policies: freeze_blockers */
inline check_policies(error)
{
	if
	:: objection -> error = EBUSY
	:: else
	fi
}

/* code: hyp/suspend/freeze.c:freeze_domains: timer_cancel < stop < objection < freeze_thaw(false) */
inline freeze_domains(error)
{
	grace_timer = false;
	if
	:: !stopped[DOM0] -> domain_pause_sync(BOOT, DOM0); stopped[DOM0] = true
	:: else
	fi;
	if
	:: !stopped[DOMU] -> domain_pause_sync(BOOT, DOMU); stopped[DOMU] = true
	:: else
	fi;
	if
	:: objection ->
		error = EBUSY;
		freeze_thaw(false)
	:: else
	fi
}
/* code: hyp/suspend/steps.c:thaw_domains: freeze_thaw(true) */
inline thaw_domains(error) { freeze_thaw(true) }
/* code: hyp/suspend/steps.c:undo_domains: freeze_thaw(woken) */
inline undo_domains(error) { freeze_thaw(woken_flag) }

/* code: hyp/suspend/steps.c:forbid_pages */
inline forbid_pages(error) { pages_forbidden = true }
/* code: hyp/suspend/steps.c:allow_pages */
inline allow_pages(error) { pages_forbidden = false }

/* code: hyp/suspend/steps.c:unload_vcpus: sched_unload_all < freeze_unloaded */
/* code: hyp/core/sched.c:sched_unload_all: vcpu_unload < CPU_WORK_UNLOAD < unloaded */
inline unload_vcpus(error)
{
	vcpu_unload(BOOT);
	if
	:: online[1] ->
		atomic { cpu_post(BOOT, 1, UNLOAD) };
		loaded[1] == NONE
	:: else
	fi
}

/* code: hyp/suspend/steps.c:route_irqs */
inline route_irqs(error) { atomic { routed = true; target = BOOT } }
/* code: hyp/suspend/steps.c:route_irqs_back */
inline route_irqs_back(error)
{
	atomic {
		routed = false;
		if
		:: online[home[owner]] && !hyp -> target = home[owner]
		:: else
		fi
	}
}

/* code: hyp/suspend/steps.c:stop_cpus: smp_stop_secondaries < smp_start_secondaries */
/* code: hyp/core/smp.c:smp_stop_secondaries: CPU_WORK_OFFLINE < wait_off */
inline stop_cpus(error)
{
	if
	:: online[1] -> atomic { cpu_post(BOOT, 1, OFFLINE) }
	:: else
	fi;
	if
	:: power_off[1]
	:: refused_off && online[1] ->
		refused_off = false;
		error = EIO;
		smp_start_secondaries(error)
	fi
}
/* code: hyp/core/smp.c:start_cpu: c->work = 0 < psci_cpu_on < wait_online */
inline smp_start_secondaries(error)
{
	if
	:: online[1] || lost_cpu
	:: else ->
		if
		:: atomic { work[1] = 0; loaded[1] = NONE; ipi[1] = false; power_off[1] = false };
			online[1]
#ifndef LIVENESS	/* then both share a CPU, and nothing here makes that fair */
		:: !faulted ->	/* code: hyp/core/smp.c:smp_start_secondaries: start_cpu < sched_evacuate */
			atomic {
				faulted = true;
				lost_cpu = true;
				home[DOM0] = BOOT;
				home[DOMU] = BOOT;
				target = BOOT
			}
#endif
		fi
	fi
}

/* code: hyp/core/alarm.c:alarm_suspend */
inline alarm_suspend(error) { skip }
/* code: hyp/core/alarm.c:alarm_resume */
inline alarm_resume(error) { skip }
/* code: hyp/core/console.c:console_suspend */
inline console_suspend(error) { skip }
/* code: hyp/core/console.c:console_resume */
inline console_resume(error) { skip }
/* code: hyp/core/timer.c:timer_suspend */
inline timer_suspend(error) { skip }
/* code: hyp/core/timer.c:timer_resume */
inline timer_resume(error) { skip }

/* code: hyp/suspend/steps.c:gic_down: gic->suspend(wake_collect()) < gic_undo */
/* code: hyp/dev/gic/gic_line.c:gic_bank_save: s[i].enable = < s[i].active = < s[i].pending = */
inline gic_down(error)
{
	atomic { saved_enabled = hw_enabled; saved_active = hw_active };
	atomic {
		saved_latched = edge && latched;
		saved_wake = hw_enabled && wakes;
		saved_valid = true
	};
	hw_enabled = saved_wake
}
/* code: hyp/suspend/steps.c:gic_undo: gic->undo */
inline gic_undo(error)
{
#ifdef MUTANT_UNDO_OLD_PENDING
	latched = saved_latched;
#endif
	atomic { hw_enabled = saved_enabled; saved_valid = false; saved_latched = false; saved_active = false; saved_enabled = false; saved_wake = false }
}
/* code: hyp/suspend/steps.c:gic_up: gic->resume */
/* code: hyp/dev/gic/gic_line.c:gic_bank_restore: keep < gic_block_pending_edges < set_active */
inline gic_up(error)
{
#ifdef MUTANT_EDGE_LOST
	latched = false;
#else
	atomic { latched = edge && (saved_latched || (latched && saved_wake)) };
#endif
	hw_active = saved_active;
	atomic { hw_enabled = saved_enabled; saved_valid = false; saved_latched = false; saved_active = false; saved_enabled = false; saved_wake = false }
}

/* code: hyp/suspend/el2.c:el2_suspend */
inline el2_suspend(error) { skip }
/* code: hyp/suspend/el2.c:el2_resume */
inline el2_resume(error) { skip }

/* code: hyp/suspend/wake.c:wake_look: gic->pending_wake < vpending */
inline wake_look(found)
{
	found = saved_wake && (edge -> (latched || saved_latched) : line);
#ifndef MUTANT_NO_VIRTUAL_LOOK
	if
	:: !found -> found = wakes && V_PENDING
	:: else
	fi
#endif
}

/* code: hyp/suspend/steps.c:commit: wake_look < arch_suspend_enter < wake_look */
/* code: hyp/suspend/steps.c:firmware_suspend: commit < woken = */
inline firmware_suspend(error)
{
#ifdef MUTANT_NO_LAST_LOOK
	found = false;
#else
	wake_look(found);
#endif
	if
	:: found -> error = DID_NOT_SLEEP
	:: else -> psci_system_suspend(error)
	fi;
	woken_flag = (error == OK || error == DID_NOT_SLEEP)
}

/* ---- the firmware ---- */

/* code: firmware/psci_system.c:psci_system_suspend: others_on < options_turn < power_suspend_locked */
/* code: firmware/power.c:power_suspend_locked: gic->save < gic->pending < drop_power */
/* code: firmware/power.c:power_wake: gic->init < wait_for_wakeup < gic->disarm */
inline psci_system_suspend(error)
{
	assert(!online[1] && power_off[1] || lost_cpu);
	if
	:: !faulted -> faulted = true; error = EIO		/* refuses */
	:: !faulted -> faulted = true; error = DID_NOT_SLEEP	/* comes back early */
	:: atomic {
#ifndef MUTANT_FIRMWARE_DOES_NOT_LOOK
		hw_enabled && pends && !hw_active -> error = DID_NOT_SLEEP
#else
		false -> skip
#endif
	}
	:: atomic {
#ifndef MUTANT_FIRMWARE_DOES_NOT_LOOK
		!(hw_enabled && pends && !hw_active) ->
#endif
		/* No wake-up that is enabled may be pending anywhere when the power goes. */
		assert(!(wakes && !hw_active && pends));
		assert(!(wakes && V_PENDING));
		asleep = true;
		hw_active = false;
		latched = false
	};
		if
		:: saved_wake && pends
		:: other
		fi;
		atomic {
			asleep = false;
			hw_enabled = false;
			target = BOOT
		};
		error = OK;
		wake_look(found)
	fi
}

/* ---- engine.c ---- */

/* code: hyp/suspend/engine.c:back: count-- < STEP_COMMIT < step */
inline back(dir)
{
	do
	:: row == 0 -> break
	:: else ->
		row--;
		if
		:: row_commit(row)
		:: else -> call_back(row, dir, error)
		fi
	od
}

/* code: hyp/suspend/engine.c:walk: step < STEP_COMMIT < failed < FAULT_STOP < DM_DIR_RESUME < DM_DIR_UNDO */
inline engine_run()
{
	atomic { row = 0; error = OK; outcome = 0 };
	do
	:: row < NR_ROWS && outcome == 0 ->
		if
		:: atomic { !faulted && !row_commit(row) -> faulted = true; error = EIO }
		:: call_suspend(row, error)
		fi;
		atomic {
			if
			:: row_commit(row) -> row++
			:: !row_commit(row) && error != OK -> outcome = FAILED
			:: !row_commit(row) && error == OK -> row++
			:: !row_commit(row) && error == OK && last_of_phase(row) && !faulted ->
				faulted = true;
				outcome = TEST;
				row++
			fi
		}
	:: else -> break
	od;
	atomic {
		if
		:: outcome != 0
		:: outcome == 0 && error == OK -> outcome = SLEPT
		:: outcome == 0 && error == DID_NOT_SLEEP -> outcome = NO_SLEEP
		:: outcome == 0 && error != OK && error != DID_NOT_SLEEP -> outcome = FAILED
		fi
	}
	if
	:: outcome == SLEPT || outcome == TEST -> back(RESUME)
	:: else -> back(UNDO)
	fi
}

/* ---- suspend.c ---- */

/* code: hyp/suspend/suspend.c:answer: psci_error < vcpu_reset < vcpu_unblock */
inline answer()
{
	answers++;
	assert(answers == calls);
	/* The machine is as before. */
	assert(!pages_forbidden && !routed && !saved_valid && !stopped[DOM0] && pauses[DOM0] == 0);
	assert(online[1] || lost_cpu);
	assert(loaded[0] != DOM0 && loaded[1] != DOM0);
	if
	:: outcome == FAILED -> pc = AFTER_CALL
	:: else ->
		/* vcpu_reset(): its active interrupts end */
		atomic {
			pc = AT_ENTRY;
			if
			:: owner == DOM0 && v_active -> v_active = false; hw_active = false
			:: else
			fi
		}
	fi;
	vcpu_unblock(BOOT, DOM0, SUSPEND);
	/* Forgotten, so that equal states are one. */
	atomic { outcome = 0; woken_flag = false; row = 0; error = OK; found = false; time_is_up = false }
}

/* code: hyp/suspend/suspend.c:finish: record_cycle < freeze_ask_over(false) < freeze_ask_done < request.caller = NULL < answer */
inline finish()
{
	ask_over = false;
#ifdef MUTANT_ASKED_SLEEPS_ON
	if
	:: outcome == FAILED -> ask_done()
	:: else
	fi;
#else
	if
	:: !stopped[DOMU] -> ask_done()
	:: else
	fi;
#endif
#ifdef MUTANT_ANSWER_FIRST /* needs two calls */
	answer();
	request = false
#else
	request = false;
	answer()
#endif
}

/* code: hyp/suspend/suspend.c:walk: freeze_ask_over(true) < engine_run < finish */
inline walk()
{
	ask_over = true;
	woken_flag = false;
	engine_run();
	finish()
}

/* code: hyp/suspend/suspend.c:park: sched_unload < CPU_WORK_UNLOAD < running < loaded */
inline park()
{
	if
	:: home[DOM0] == BOOT -> vcpu_unload(BOOT)
	:: else -> atomic { cpu_post(BOOT, home[DOM0], UNLOAD) }
	fi;
	!running[DOM0] && loaded[0] != DOM0 && loaded[1] != DOM0
}

/* code: hyp/suspend/suspend.c:begin: park < is_blocked < ask_all < walk */
/* code: hyp/suspend/ask.c:ask: HOST_SUSPEND_VETO < domain_suspend_request < asked[d->id].domain = d */
inline begin()
{
	park();
	if
	:: atomic { policy == VETO && !suspended[DOMU] -> asked = true };
		time_is_up = false;
		serving_asks = true
	:: atomic { !(policy == VETO && !suspended[DOMU]) }; walk()
	fi
}

/* code: hyp/suspend/suspend.c:await: called_off < ask_waits < timer_set < freeze_ask_over(true) < walk */
/* code: hyp/suspend/suspend.c:called_off: domain_wake_pending < finish */
inline await()
{
	if
	:: owner == DOM0 && wakes && V_PENDING ->
		serving_asks = false;
		outcome = NO_SLEEP;
		finish()
	:: else ->
		if
		:: asked && !suspended[DOMU] && !time_is_up -> look_timer = true
		:: else ->
			serving_asks = false;
			walk()
		fi
	fi
}

/* code: hyp/suspend/suspend.c:suspend_run: dom0_ready < freeze_dom0_ready < req.caller < begin < await */
inline suspend_run()
{
	if
	:: atomic { dom0_ready -> dom0_ready = false }; freeze_dom0_ready()
	:: else
	fi;
	if
	:: request ->
		if
		:: !serving_asks -> begin()
		:: else
		fi;
		if
		:: serving_asks -> await()
		:: else
		fi
	:: else
	fi
}

/* ---- a CPU's main loop ---- */

#define timer_due (me == BOOT && (grace_timer || look_timer))

/* Handlers run on the boot CPU, in the order of their time, which is anybody's guess. */
inline timers()
{
	if
	:: me == BOOT && grace_timer -> grace_over()
	:: me == BOOT && look_timer ->
		/* code: hyp/suspend/suspend.c:look_again: cpu_post */
		look_timer = false;
		if
		:: time_is_up = true
		:: skip
		fi;
		atomic { cpu_post(me, BOOT, RUN_SUSPEND) }
	:: !timer_due
	:: me == BOOT && grace_timer && look_timer
	fi
}

/* code: hyp/core/smp.c:smp_die: sched_unload < gic->exit_cpu < online, false < psci_cpu_off < smp_init_this_cpu */
inline smp_die()
{
	vcpu_unload(me);
	gic_on[me] = false;
	online[me] = false;
	if
	:: power_off[me] = true;
		!power_off[me]			/* CPU_ON: hyp/core/smp.c, start_cpu() */
	:: atomic { !faulted -> faulted = true; refused_off = true }
	fi;
	gic_on[me] = true;
	online[me] = true
}

/* code: hyp/core/sched.c:do_work: __atomic_exchange_n < work_fn[i] */
inline do_work()
{
	atomic { todo = work[me]; work[me] = 0 };
	if
	:: todo & UNLOAD -> vcpu_unload(me)
	:: else
	fi;
	if
	:: todo & OFFLINE -> smp_die()
	:: else
	fi;
	if
	:: todo & RUN_SUSPEND ->
		busy = true;
		suspend_run();
		busy = false
	:: else
	fi;
	todo = 0
}

/* code: hyp/virt/trap_exit.h:trap_may_go_on: v->gate < VCPU_GATE_OPEN < work */
/* code: hyp/virt/trap.c:trap_flush_and_go_on: VCPU_GATE_DIRTY < vgic_flush < trap_may_go_on */
#define may_go_on (work[me] == 0 && blocked[v] == 0 && !restart[v])
inline go_on()
{
#ifdef MUTANT_FLUSH_FIRST
	flush_if_needed(v);
	if
	:: may_go_on
	:: else -> break
	fi
#else
	if
	:: may_go_on -> flush_if_needed(v)
	:: else -> break
	fi
#endif
}

/* What Dom0 does: it masks interrupts, asks for the machine's sleep, and goes on; now and then it says that it is ready. */
mtype = { RUNNING, MASKED, IN_CALL, AFTER_CALL, AT_ENTRY };
mtype pc = RUNNING;

/* code: hyp/suspend/suspend.c:suspend_request: busy < watchdog_hold < vcpu_block < CPU_WORK_SUSPEND */
inline suspend_request()
{
	calls++;
	assert(!request);
	request = true;
	vcpu_block(me, DOM0, SUSPEND);
	atomic { cpu_post(me, BOOT, RUN_SUSPEND) }
}

inline dom0_step()
{
	if
	:: atomic { pc == RUNNING && calls < REQUESTS -> pc = MASKED }
	:: atomic { pc == MASKED -> pc = IN_CALL }; suspend_request()
	:: atomic { (pc == AFTER_CALL || pc == AT_ENTRY) ->
		assert(answers == calls);
		pc = RUNNING }
	:: atomic { pc == RUNNING && calls > 0 && !dom0_ready && stopped[DOMU] -> dom0_ready = true;
		cpu_post(me, BOOT, RUN_SUSPEND) } /* code: hyp/suspend/suspend.c:suspend_dom0_ready: dom0_ready < cpu_post */
	:: else
	fi
}
#define dom0_steps (pc != RUNNING || calls < REQUESTS || (calls > 0 && !dom0_ready && stopped[DOMU]))

/* What DomU does: nothing, or suspend itself, once, and when it is asked. */
bool slept_once;
mtype upc = RUNNING;

/* code: hyp/core/domain_power.c:domain_suspend: vcpu_block < d->suspended = < DOMAIN_SUSPENDED */
/* code: hyp/virt/vpsci.c:suspend_guest: domain_suspend < domain_wake_pending < domain_wake */
inline domu_step()
{
	atomic {
		slept_once = true;
		upc = IN_CALL;
		blocked[DOMU] = blocked[DOMU] | SUSPEND;
		suspended[DOMU] = true
	}
	if
	:: owner == DOMU && wakes && V_PENDING -> domain_wake(me, DOMU)
	:: else
	fi
}
#define domu_steps (upc == RUNNING && (asked || !slept_once))

/* code: hyp/virt/trap.c:on_wfx: vcpu_block < vgic_pending < vcpu_unblock */
inline wait_for_interrupt(v)
{
	vcpu_block(me, v, WFI);
	if
	:: v == owner && V_PENDING -> vcpu_unblock(me, v, WFI)
	:: else
	fi
}

/* code: hyp/core/sched.c:arm_slice: list_empty < timer_set */
#define other_waits (runnable(1 - v) && home[1 - v] == me && !running[1 - v])
#define masked(v) (v == DOM0 && pc != RUNNING)

/*
 * In the guest until something makes it leave. It leaves to EL2's loop; what it takes there is in the order of the code,
 * interrupts first, then the look at what is asked.
 */
inline guest()
{
	do
	:: other_waits -> break
	:: ipi[me] || irq_to(me) || timer_due ->
		irq_dispatch(me);
		timers();
		go_on()
	:: else ->
		if
		:: v_lr && v == owner && !masked(v) -> handle_irq()
		:: v_active && v == owner -> atomic { v_active = false; hw_active = (hyp -> hw_active : false) }
		:: v == DOM0 && dom0_steps ->
			dom0_step();
			go_on()
		:: v == DOMU && domu_steps ->
			domu_step();
			go_on()
		:: v == DOMU && !(v == owner && (v_lr || v_active)) ->
			wait_for_interrupt(v);
			go_on()
		:: !masked(v) && !(v == owner && (v_lr || v_active)) ->
			ipi[me] || irq_to(me) || timer_due || other_waits
		fi
	od
}

/* code: hyp/core/sched.c:run: vcpu_load < vcpu_enter_guest < put */
/* code: hyp/core/vcpu.c:vcpu_load: finish_power_on < vcpu_unload < guest_sysregs_load < modules[i]->load */
/* code: hyp/core/vcpu.c:vcpu_enter_guest: modules[i]->enter < work < guest_run */
inline run_vcpu()
{
	assert(loaded[1 - me] != v);
	if
	:: restart[v] ->
		/* finish_power_on() */
		atomic {
			if
			:: loaded[me] == v -> vcpu_unload(me)
			:: else
			fi;
			if
			:: v == owner && v_active -> v_active = false; hw_active = false
			:: else
			fi;
			restart[v] = false;
			waking[v] = false;
			assert(v == DOMU && upc == IN_CALL);
			upc = RUNNING
		}
	:: else
	fi;
	if
	:: loaded[me] != v ->
		vcpu_unload(me);
		atomic { loaded[me] = v; vgic_fill(v) }
	:: else
	fi;
	flush_if_needed(v);
	if
	:: work[me] == 0 -> guest()
	:: else
	fi;
	/* code: hyp/core/sched.c:put: running = false < vcpu_runnable_locked < stop_locked */
	atomic { running[v] = false; v = 0 }
}

/* code: hyp/core/sched.c:cpu_loop: do_work < pick < run < idle */
/* code: hyp/core/sched.c:idle: c->work < wfi < irq_dispatch */
proctype cpu(bool me)
{
	bool v, found, acked;
	byte todo, row, error;

	do
	:: work[me] != 0 -> do_work()
	:: atomic { work[me] == 0 && runnable(DOM0) && home[DOM0] == me && !running[DOM0] ->
			running[DOM0] = true; v = DOM0; dom0_ran = dom0_ran || stopped[DOMU] };
		run_vcpu()
	:: atomic { work[me] == 0 && runnable(DOMU) && home[DOMU] == me && !running[DOMU] ->
			running[DOMU] = true; v = DOMU };
		run_vcpu()
	:: work[me] == 0 && !(runnable(DOM0) && home[DOM0] == me) && !(runnable(DOMU) && home[DOMU] == me) ->
		ipi[me] || irq_to(me) || timer_due;
		irq_dispatch(me);
		timers()
	od
}

proctype device()
{
	do
	:: atomic { raised < RAISES && raised == got && !line ->
		raised++;
		line = !edge;
		latched = edge }
	od
}

/* When nothing more can happen: nobody waits for what doesn't come. */
proctype monitor()
{
	timeout;
	if
	:: asleep ->
		assert(!other);
		assert(!wakes || raised == got)
	:: else ->
		assert(!busy && !request && !serving_asks && answers == calls);
		assert(!stopped[DOM0] && !stopped[DOMU] && pauses[DOM0] == 0 && pauses[DOMU] == 0);
		assert(!asked && !waking[DOM0] && !waking[DOMU]);
		/* It has its interrupt; but one that may not wake waits, and an edge of it is lost with the power. */
		assert(raised == got || (!wakes && (edge || suspended[DOMU])));
		assert(!(suspended[DOMU] && owner == DOMU && wakes && V_PENDING))
	fi
}

init
{
	atomic {
#ifdef LIVENESS
		edge = true;
		owner = DOMU;
		wakes = true;
#else
#ifdef ONE_KIND
		edge = true;
#else
		if :: edge = true :: hyp = true :: skip fi;
#endif
		if :: owner = DOMU :: skip fi;
		if :: wakes = true :: other = true :: wakes = true; other = true fi;
#endif
#if defined(LIVENESS)
#elif defined(LONG)
		if :: policy = VETO :: policy = REQUIRE :: skip fi;
#else
		/* In the model the one leaves all states of the other behind it. */
		if :: policy = VETO :: skip fi;
#endif
#ifdef LIVENESS
		home[DOMU] = 1;
#else
		if :: home[DOM0] = 1 :: skip fi;
		if :: home[DOMU] = 1 :: skip fi;
#endif
		if :: hyp -> target = BOOT :: else -> target = home[owner] fi;
		run cpu(0);
		run cpu(1);
		run device();
		run monitor()
	}
}

#ifdef LIVENESS
/* Nothing of it takes for ever: the call is answered, unless the machine sleeps with nothing to wake it; the interrupt comes. */
ltl answered { [] (calls != answers -> <> (calls == answers || asleep)) }
ltl delivered { [] (raised != got -> <> (raised == got)) }
#endif
