/* SPDX-License-Identifier: Apache-2.0 */
/* xen_version, hvm_op, vcpu_op, sched_op, console_io and platform_op: answers, rights, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/alarm.h"
#include "core/console.h"
#include "core/p2m.h"
#include "core/watchdog.h"
#include "fake_cpu.h"
#include "fake_guest.h"
#include "lib/err.h"
#include "mm/page.h"
#include "virt/evtchn.h"
#include "virt/hypercall/console_io.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_domain.h"
#include "virt/vgic/vgic.h"
#include "virt/vuart.h"

#define PC    0x1000
#define INFO_GFN 0x40123

static struct domain dom0 = { .id = 0, .privileged = true, .direct_mapped = true, .nr_vcpus = 2 };
static struct domain domu = { .id = 5, .nr_vcpus = 2, .handle = { 1, 2, 3 } };
static struct vcpu vcpus[2] = { { .id = 0 }, { .id = 1 } };
static struct vcpu *vcpu_table[2] = { &vcpus[0], &vcpus[1] };
static struct vcpu *v = &vcpus[0];
static uint8_t info_page[4096] __attribute__((aligned(4096)));

static struct {
	unsigned int refs, yields, blocks, unblocks, downs, moved, frames, virqs;
	bool pending, virq_bound, uart_read;
	struct domain *down;
	enum domain_shutdown_reason reason;
	uint32_t watchdog, seconds;
	char out[600], uart[16];
	unsigned int len, uart_len;
	uint32_t rtc;
} seen;

struct domain *domain_get(uint16_t id)
{
	struct domain *d = id == dom0.id ? &dom0 : id == domu.id ? &domu : NULL;

	seen.refs += d != NULL;
	return d;
}

void domain_put(struct domain *d)
{
	seen.refs--;
}

void domain_shutdown(struct domain *d, enum domain_shutdown_reason reason)
{
	seen.downs++;
	seen.down = d;
	seen.reason = reason;
}

void vcpu_yield(struct vcpu *who)
{
	seen.yields++;
}

void vcpu_block(struct vcpu *who, enum vcpu_block why)
{
	assert_int_equal(why, VCPU_BLOCK_WFI);
	seen.blocks++;
}

void vcpu_unblock(struct vcpu *who, enum vcpu_block why)
{
	seen.unblocks++;
}

bool vgic_pending(struct vcpu *who)
{
	return seen.pending;
}

int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds)
{
	seen.watchdog = id;
	seen.seconds = seconds;
	return id ? 0 : 1;
}

void evtchn_vcpu_info_moved(struct vcpu *who)
{
	seen.moved++;
}

int evtchn_alloc_unbound(struct domain *d, uint16_t remote_dom, uint32_t *port)
{
	assert_int_equal(remote_dom, 0);
	*port = 3;
	return d == &domu ? 0 : -ENOSPC;
}

int evtchn_raise_virq(struct domain *d, uint32_t virq)
{
	assert_int_equal(virq, 2);
	seen.virqs++;
	return seen.virq_bound ? 0 : -ENOENT;
}

int p2m_get_own_frame(struct domain *d, uint64_t gfn, bool write, paddr_t *frame)
{
	assert_true(write);
	if (gfn != INFO_GFN)
		return -EINVAL;
	*frame = ptr_pa(info_page);
	seen.frames++;
	return 0;
}

void p2m_put_frame(paddr_t frame)
{
	assert_ptr_equal(pa_ptr(frame), info_page);
	seen.frames--;
}

void p2m_free_xen_page(void *page)
{
	page_free(page, 0);
}

void console_domain_put(struct domain *d, char c)
{
	assert_ptr_equal(d, &dom0);
	assert_int_equal(fake_locks_held, 0);
	seen.out[seen.len++ % sizeof(seen.out)] = c;
}

bool vuart_input(struct domain *d, char c)
{
	seen.uart[seen.uart_len++ % sizeof(seen.uart)] = c;
	return true;
}

bool vuart_is_read(const struct domain *d)
{
	return seen.uart_read;
}

uint32_t alarm_now(void)
{
	return seen.rtc;
}

const struct hypercall_row hypercall_table[] = {
	[__HYPERVISOR_platform_op] = { .privileged_only = true, .fn = hypercall_platform_op },
	[__HYPERVISOR_xen_version] = { .fn = hypercall_xen_version },
	[__HYPERVISOR_console_io] = { .privileged_only = true, .fn = hypercall_console_io },
	[__HYPERVISOR_vcpu_op] = { .fn = hypercall_vcpu_op },
	[__HYPERVISOR_sched_op] = { .fn = hypercall_sched_op },
	[__HYPERVISOR_hvm_op] = { .fn = hypercall_hvm_op },
};
const unsigned int hypercall_rows = ARRAY_SIZE(hypercall_table);

static void as(struct domain *d)
{
	vcpus[0].domain = vcpus[1].domain = d;
	d->vcpus = vcpu_table;
}

static int setup(void **state)
{
	memset(&seen, 0, sizeof(seen));
	memset(info_page, 0, sizeof(info_page));
	fake_guest_reset();
	as(&dom0);
	return xen_domain_init(&dom0) | xen_domain_init(&domu);
}

static int teardown(void **state)
{
	xen_domain_destroy(&dom0);
	xen_domain_destroy(&domu);
	assert_int_equal(seen.refs, 0);
	assert_int_equal(seen.frames, 0);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}

static int64_t call(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	v->regs.x[16] = nr;
	v->regs.x[0] = a0;
	v->regs.x[1] = a1;
	v->regs.x[2] = a2;
	do {
		v->regs.pc = PC;
		hypercall_trap(&v->regs);
	} while (v->regs.pc != PC);
	return (int64_t)v->regs.x[0];
}

static int64_t op(uint64_t nr, uint64_t cmd, void *arg)
{
	return call(nr, cmd, fake_guest_va(arg), 0);
}

static void version(void **state)
{
	static char text[1024 + 1];
	struct xen_feature_info f = { 0 };
	struct xen_compile_info info;

	fake_guest_give(text, 1024, true);
	fake_guest_give(&f, sizeof(f), true);
	assert_int_equal(op(__HYPERVISOR_xen_version, 0, NULL), 0x40011);
	memset(text, 'x', sizeof(text));
	assert_int_equal(op(__HYPERVISOR_xen_version, 3, text), 0);
	assert_string_equal(text, "xen-3.0-aarch64 ");
	for (unsigned int i = 16; i < 1024; i++)
		assert_int_equal(text[i], 0);
	memset(text, 'x', sizeof(text));
	assert_int_equal(op(__HYPERVISOR_xen_version, 1, text), 0);
	assert_true(strlen(text) < 16);
	assert_int_equal(text[16], 'x'); /* not a byte more than the ABI's */
	assert_int_equal(op(__HYPERVISOR_xen_version, 4, text), 0);
	assert_int_equal(op(__HYPERVISOR_xen_version, 9, text), 0);
	assert_int_equal(op(__HYPERVISOR_xen_version, 9, text + 1), -EFAULT);
	assert_int_equal(op(__HYPERVISOR_xen_version, 2, &info), -EFAULT);
	assert_int_equal(op(__HYPERVISOR_xen_version, 6, &f), 0);
	assert_int_equal(f.submap, 0x26805);
	as(&domu);
	assert_int_equal(op(__HYPERVISOR_xen_version, 6, &f), 0);
	assert_int_equal(f.submap, 0x16005);
	f.submap_idx = 1;
	assert_int_equal(op(__HYPERVISOR_xen_version, 6, &f), -EINVAL);
	assert_int_equal(op(__HYPERVISOR_xen_version, 7, NULL), 4096);
	assert_int_equal(op(__HYPERVISOR_xen_version, 7, &f), -EINVAL);
	assert_int_equal(op(__HYPERVISOR_xen_version, 8, text), 0);
	assert_memory_equal(text, domu.handle, 16);
	assert_int_equal(op(__HYPERVISOR_xen_version, 5, text), 0);
	assert_int_equal(op(__HYPERVISOR_xen_version, 10, NULL), -ENODATA);
	assert_int_equal(op(__HYPERVISOR_xen_version, 11, NULL), -ENOSYS);
}

static void hvm_params(void **state)
{
	struct xen_hvm_param p = { .domid = 5, .index = HVM_PARAM_STORE_PFN, .value = 0x39001 };

	fake_guest_give(&p, sizeof(p), true);
	assert_int_equal(op(__HYPERVISOR_hvm_op, 0, &p), 0);
	p.index = HVM_PARAM_MONITOR_RING_PFN;
	assert_int_equal(op(__HYPERVISOR_hvm_op, 0, &p), 0);
	p.index = HVM_PARAM_PAGING_RING_PFN;
	assert_int_equal(op(__HYPERVISOR_hvm_op, 0, &p), -EINVAL);
	p.index = HVM_NR_PARAMS;
	assert_int_equal(op(__HYPERVISOR_hvm_op, 1, &p), -EINVAL);
	p.index = UINT32_MAX;
	assert_int_equal(op(__HYPERVISOR_hvm_op, 1, &p), -EINVAL);
	p = (struct xen_hvm_param){ .domid = DOMID_SELF, .index = HVM_PARAM_STORE_EVTCHN, .value = 9 };
	assert_int_equal(op(__HYPERVISOR_hvm_op, 1, &p), 0);
	assert_int_equal(p.value, 0); /* what tells Linux that Xenstore is in here */
	p.domid = 6;
	assert_int_equal(op(__HYPERVISOR_hvm_op, 1, &p), -ESRCH);
	assert_int_equal(op(__HYPERVISOR_hvm_op, 1, NULL), -EFAULT);
	assert_int_equal(op(__HYPERVISOR_hvm_op, 2, &p), -ENOSYS);
	as(&domu);
	p = (struct xen_hvm_param){ .domid = DOMID_SELF, .index = HVM_PARAM_STORE_PFN };
	assert_int_equal(op(__HYPERVISOR_hvm_op, 1, &p), 0);
	assert_int_equal(p.value, 0x39001);
	assert_int_equal(op(__HYPERVISOR_hvm_op, 0, &p), -EPERM);
	p.index = HVM_PARAM_MONITOR_RING_PFN;
	assert_int_equal(op(__HYPERVISOR_hvm_op, 1, &p), -EPERM);
	p.domid = 0;
	assert_int_equal(op(__HYPERVISOR_hvm_op, 1, &p), -EPERM);
	p.domid = 6; /* nor may it know who is there */
	assert_int_equal(op(__HYPERVISOR_hvm_op, 1, &p), -EPERM);
}

/* What a kernel does when it finds these: waits for the event, then looks again. */
static void xenstore_later(void **state)
{
	assert_int_equal(xen_await_xenstore(&dom0), -ENOSPC);
	assert_int_equal(xen_hvm_param(&dom0, HVM_PARAM_STORE_PFN), 0);
	assert_int_equal(xen_await_xenstore(&domu), 0);
	assert_int_equal(xen_hvm_param(&domu, HVM_PARAM_STORE_PFN), UINT64_MAX);
	assert_int_equal(xen_hvm_param(&domu, HVM_PARAM_STORE_EVTCHN), 3);
}

static int64_t register_info(uint64_t vcpu, uint64_t gfn, uint32_t offset)
{
	static struct vcpu_register_vcpu_info r;

	r = (struct vcpu_register_vcpu_info){ .mfn = gfn, .offset = offset };
	fake_guest_give(&r, sizeof(r), false);
	return call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, vcpu, fake_guest_va(&r));
}

static void vcpu_info(void **state)
{
	struct vcpu_info *old = xen_vcpu_info(&vcpus[1]);

	old->evtchn_pending_sel = 0x55;
	assert_int_equal(register_info(2, INFO_GFN, 64), -ENOENT);
	assert_int_equal(register_info(UINT64_MAX, INFO_GFN, 64), -ENOENT);
	assert_int_equal(register_info(1, INFO_GFN + 1, 64), -EINVAL);
	assert_int_equal(register_info(1, INFO_GFN | 1ULL << 52, 64), -EINVAL);
	assert_int_equal(register_info(1, INFO_GFN, 4096 - 40), -EINVAL);
	assert_int_equal(register_info(1, INFO_GFN, 60), -EINVAL);
	assert_int_equal(register_info(1, INFO_GFN, UINT32_MAX), -EINVAL);
	assert_int_equal(seen.moved, 0);
	assert_ptr_equal(xen_vcpu_info(&vcpus[1]), old);
	assert_int_equal(register_info(1, INFO_GFN, 4096 - 48), 0);
	assert_int_equal(seen.moved, 1);
	assert_ptr_equal(xen_vcpu_info(&vcpus[1]), info_page + 4096 - 48);
	assert_int_equal(xen_vcpu_info(&vcpus[1])->evtchn_pending_sel, 0x55);
	/* Again, as a second kernel does; and elsewhere, as Xen's doesn't allow. */
	assert_int_equal(register_info(1, INFO_GFN, 4096 - 48), 0);
	assert_int_equal(register_info(1, INFO_GFN, 0), -EINVAL);
	assert_int_equal(seen.frames, 1);
	assert_ptr_equal(xen_vcpu_info(&vcpus[0]), &dom0.xen->shared_info->vcpu_info[0]);
	assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, 8), -EFAULT);
	assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, 8), 0);
	assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_down, 0, 0), -ENOSYS);
}

static int64_t shut_down(uint32_t reason)
{
	struct sched_shutdown s = { .reason = reason };
	int64_t result;

	seen.downs = 0;
	fake_guest_reset();
	fake_guest_give(&s, sizeof(s), false);
	result = op(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &s);
	if (seen.downs) {
		assert_ptr_equal(seen.down, v->domain);
		assert_int_equal(seen.reason, reason);
	}
	return result;
}

static void going_down(void **state)
{
	struct sched_remote_shutdown r = { .domain_id = 5, .reason = SHUTDOWN_crash };

	assert_int_equal(shut_down(SHUTDOWN_suspend), -EINVAL); /* not the control domain */
	assert_int_equal(shut_down(SHUTDOWN_soft_reset), -EINVAL);
	assert_int_equal(shut_down(UINT32_MAX), -EINVAL);
	assert_int_equal(seen.downs, 0);
	assert_int_equal(shut_down(SHUTDOWN_reboot), 0);
	assert_int_equal(seen.downs, 1);
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_shutdown, NULL), -EFAULT);
	fake_guest_give(&r, sizeof(r), false);
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &r), 0);
	assert_ptr_equal(seen.down, &domu);
	assert_int_equal(seen.reason, DOMAIN_CRASH);
	r.domain_id = 0;
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &r), -EPERM);
	r.domain_id = 9;
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &r), -ESRCH);
	r = (struct sched_remote_shutdown){ .domain_id = 5, .reason = 6 };
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &r), -EINVAL);
	as(&domu);
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &r), -EPERM);
	assert_int_equal(shut_down(SHUTDOWN_suspend), 1); /* "cancelled", for who is resumed */
	assert_int_equal(seen.downs, 1);
	assert_int_equal(shut_down(SHUTDOWN_watchdog), 0);
}

static void waiting(void **state)
{
	evtchn_port_t ports[2] = { 70, 4095 };
	struct sched_poll p = { .nr_ports = 2 };

	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_yield, NULL), 0);
	assert_int_equal(seen.yields, 1);
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_block, NULL), 0);
	assert_int_equal(seen.blocks, 1);
	assert_int_equal(seen.unblocks, 0);
	seen.pending = true;
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_block, NULL), 0);
	assert_int_equal(seen.unblocks, 1);
	p.ports.q = fake_guest_va(ports);
	fake_guest_give(&p, sizeof(p), false);
	fake_guest_give(ports, sizeof(ports), false);
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_poll, &p), 0);
	assert_int_equal(seen.yields, 2);
	dom0.xen->shared_info->evtchn_pending[4095 / 64] = 1ULL << 63;
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_poll, &p), 0);
	assert_int_equal(seen.yields, 2);
	ports[0] = 4096;
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_poll, &p), -EINVAL);
	p.nr_ports = 3;
	ports[0] = 1;
	ports[1] = 2;
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_poll, &p), -EFAULT);
	p.nr_ports = UINT32_MAX;
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_poll, &p), -EINVAL);
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_pin_override, NULL), -ENOSYS);
	assert_int_equal(op(__HYPERVISOR_sched_op, UINT64_MAX, NULL), -ENOSYS);
}

static void watchdogs(void **state)
{
	struct sched_watchdog w = { .id = 0, .timeout = 30 };

	fake_guest_give(&w, sizeof(w), false);
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &w), 1);
	assert_int_equal(seen.seconds, 30);
	w.id = 1;
	assert_int_equal(op(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &w), 0);
	assert_int_equal(seen.watchdog, 1);
}

static void console_output(void **state)
{
	static char text[600];

	for (unsigned int i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	fake_guest_give(text, sizeof(text), false);
	assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, 600, fake_guest_va(text)), 0);
	assert_int_equal(seen.len, 600);
	assert_memory_equal(seen.out, text, sizeof(text));
	assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, INT32_MAX, fake_guest_va(text)),
			 -EFAULT);
	assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, UINT32_MAX, fake_guest_va(text)),
			 -EINVAL);
	assert_int_equal(call(__HYPERVISOR_console_io, 2, 1, fake_guest_va(text)), -ENOSYS);
	as(&domu);
	assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, 1, fake_guest_va(text)), -EPERM);
}

static int64_t read_console(char *to, uint64_t count)
{
	return call(__HYPERVISOR_console_io, CONSOLEIO_read, count, fake_guest_va(to));
}

static void console_input(void **state)
{
	static char text[300];

	fake_guest_give(text, sizeof(text), true);
	assert_int_equal(read_console(text, 10), 0);
	assert_true(console_io_input(&dom0, 'a')); /* nobody listens: the UART keeps it */
	assert_string_equal(seen.uart, "a");
	seen.virq_bound = true;
	assert_int_equal(read_console(text, 10), 0);
	for (unsigned int i = 0; i < 1024; i++) /* more than a line that somebody pastes */
		assert_true(console_io_input(&dom0, (char)('A' + i % 26)));
	assert_false(console_io_input(&dom0, 'z')); /* full: dropped, as by a UART */
	assert_int_equal(read_console(text, 3), 3);
	assert_memory_equal(text, "ABC", 3);
	for (unsigned int left = 1021; left; left -= (unsigned int)read_console(text, 300))
		assert_in_range(left, 1, 1021);
	assert_int_equal(text[124], 'A' + 1023 % 26);
	assert_true(console_io_input(&domu, 'u')); /* another's goes to its UART */
	seen.uart_read = true;
	assert_true(console_io_input(&dom0, 'b'));
	assert_string_equal(seen.uart, "aub");
	assert_int_equal(read_console(text, 10), 0);
	seen.uart_read = false;
	assert_true(console_io_input(&dom0, 'q'));
	assert_int_equal(read_console(NULL, 10), -EFAULT);
}

static uint64_t wallclock(const struct domain *d)
{
	const struct shared_info *s = d->xen->shared_info;

	assert_int_equal(s->wc_version % 2, 0);
	return ((uint64_t)s->wc_sec_hi << 32 | s->wc_sec) * 1000000000 + s->wc_nsec;
}

/* wc plus the time since the domain's start is the time. Ticks are nanoseconds here. */
static void wall_time(void **state)
{
	struct xen_platform_op p = { .cmd = XENPF_settime64, .interface_version = XENPF_INTERFACE_VERSION };

	fake_counter_step = 0;
	seen.rtc = 4000000000;
	fake_counter = 7000000000;
	xen_wallclock_start(&dom0);
	assert_int_equal(wallclock(&dom0), 4000000000ULL * 1000000000);
	fake_counter += 5000000000;
	seen.rtc += 5;
	xen_wallclock_start(&dom0); /* once */
	assert_int_equal(wallclock(&dom0), 4000000000ULL * 1000000000);
	xen_wallclock_start(&domu);
	assert_int_equal(wallclock(&domu), 4000000005ULL * 1000000000);
	p.u.settime64.secs = 5000000000;
	p.u.settime64.nsecs = 250;
	fake_counter += 1000;
	fake_guest_give(&p, sizeof(p), false);
	assert_int_equal(call(__HYPERVISOR_platform_op, fake_guest_va(&p), 0, 0), 0);
	assert_int_equal(wallclock(&domu), 5000000000ULL * 1000000000 + 250 - 1000);
	assert_int_equal(wallclock(&dom0), 4999999995ULL * 1000000000 + 250 - 1000);
	p.u.settime64.nsecs = 1000000000;
	assert_int_equal(call(__HYPERVISOR_platform_op, fake_guest_va(&p), 0, 0), -EINVAL);
	p.u.settime64.nsecs = 0;
	p.u.settime64.secs = UINT64_MAX;
	assert_int_equal(call(__HYPERVISOR_platform_op, fake_guest_va(&p), 0, 0), -EINVAL);
	p.cmd = XENPF_add_memtype;
	assert_int_equal(call(__HYPERVISOR_platform_op, fake_guest_va(&p), 0, 0), -ENOSYS);
	p.interface_version++;
	assert_int_equal(call(__HYPERVISOR_platform_op, fake_guest_va(&p), 0, 0), -EACCES);
	assert_int_equal(call(__HYPERVISOR_platform_op, 0, 0, 0), -EFAULT);
	as(&domu);
	assert_int_equal(call(__HYPERVISOR_platform_op, fake_guest_va(&p), 0, 0), -EPERM);
	fake_cpu_reset();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(version), T(hvm_params), T(xenstore_later), T(vcpu_info),      T(going_down),    T(waiting),
		T(watchdogs), T(console_output), T(console_input), T(wall_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
