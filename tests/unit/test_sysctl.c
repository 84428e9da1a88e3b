/* SPDX-License-Identifier: Apache-2.0 */
/* XEN_SYSCTL_*, as Debian's tools call it (facts: Xen's public/sysctl.h), and as a hostile caller does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "control_fake.h"
#include "lib/err.h"
#include "lib/log.h"

static struct xen_sysctl op;

/* A log of 20000 bytes, byte n being 'a' + n % 26, of which the ring has the last 16384. */
static uint64_t log_bytes;

uint64_t log_end(void)
{
	return log_bytes;
}

size_t log_read(uint64_t *pos, char *buf, size_t size)
{
	size_t n = 0;

	if (*pos > log_bytes)
		*pos = log_bytes;
	if (log_bytes - *pos > LOG_RING_SIZE)
		*pos = log_bytes - LOG_RING_SIZE;
	for (; n < size && *pos < log_bytes; n++)
		buf[n] = (char)('a' + (*pos)++ % 26);
	return n;
}

static int setup(void **state)
{
	control_fake_reset();
	memset(&op, 0, sizeof(op));
	return 0;
}

static int64_t call(uint32_t cmd)
{
	op.cmd = cmd;
	op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return control_call(hypercall_sysctl, &op, sizeof(op));
}

static void refusals(void **state)
{
	const uint64_t nowhere[HYPERCALL_ARGS] = { 0x1000 };

	assert_int_equal(hypercall_sysctl(fake_caller, nowhere), -EFAULT);
	assert_int_equal(call(0), -ENOSYS);
	assert_int_equal(call(2), -ENOSYS);
	assert_int_equal(call(XEN_SYSCTL_scheduler_op), -ENOSYS);
	assert_int_equal(call(1000), -ENOSYS);
	assert_int_equal(call(UINT32_MAX), -ENOSYS);
	op.cmd = XEN_SYSCTL_physinfo;
	op.interface_version = XEN_SYSCTL_INTERFACE_VERSION + 1;
	assert_int_equal(control_call(hypercall_sysctl, &op, sizeof(op)), -EACCES);
}

static void physinfo(void **state)
{
	const struct xen_sysctl_physinfo *p = &op.u.physinfo;

	memset(&op.u, 0xff, sizeof(op.u));
	assert_int_equal(call(XEN_SYSCTL_physinfo), 0);
	assert_int_equal(p->capabilities, 0x109); /* hvm, hap, grants v1: what libxl goes by */
	assert_int_equal(p->nr_cpus, 2);	  /* one of the three is off */
	assert_int_equal(p->max_cpu_id, 2);
	assert_int_equal(p->threads_per_core, 1);
	assert_int_equal(p->nr_nodes, 1);
	assert_int_equal(p->max_node_id, 0);
	assert_int_equal(p->total_pages, 6000); /* Dom0's are not the allocator's */
	assert_int_equal(p->free_pages, 4000);
	assert_int_equal(p->outstanding_pages, 0);
	assert_int_equal(p->cpu_khz, 1000000);
	fake_domains[0].nr_vcpus = 0; /* a machine without Dom0 never asks, but then: */
	assert_int_equal(call(XEN_SYSCTL_physinfo), 0);
	assert_int_equal(p->total_pages, 5000);
}

static void scheduler(void **state)
{
	assert_int_equal(call(XEN_SYSCTL_sched_id), 0);
	assert_int_equal(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
}

static struct xen_domctl_getdomaininfo infos[4];

static int64_t list(unsigned int first, unsigned int max)
{
	op.u.getdomaininfolist.first_domain = (domid_t)first;
	op.u.getdomaininfolist.max_domains = max;
	op.u.getdomaininfolist.buffer.q = fake_guest_va(infos);
	op.u.getdomaininfolist.num_domains = 77;
	return call(XEN_SYSCTL_getdomaininfolist);
}

static void domain_list(void **state)
{
	fake_guest_give(infos, sizeof(infos), true);
	assert_int_equal(list(0, 4), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 3);
	assert_int_equal(infos[0].domain, 0);
	assert_int_equal(infos[1].domain, 1);
	assert_int_equal(infos[2].domain, 5);
	assert_int_equal(list(1, 1), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 1);
	assert_int_equal(infos[0].domain, 1);
	assert_int_equal(list(2, 4), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 1);
	assert_int_equal(infos[0].domain, 5);
	assert_int_equal(list(6, 4), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 0);
	assert_int_equal(list(0, 0), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 0);
	assert_int_equal(list(0xffff, UINT32_MAX), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 0);
	/* A count is no promise: the buffer holds 4, there are 3. */
	assert_int_equal(list(0, UINT32_MAX), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 3);
}

static void domain_list_without_a_buffer(void **state)
{
	fake_guest_give(infos, sizeof(infos[0]), true);
	assert_int_equal(list(0, 1), 0);
	assert_int_equal(list(0, 2), -EFAULT);
}

static char buffer[20000];

static int64_t read_log(bool clear, bool incremental, uint32_t index, uint32_t count)
{
	op.u.readconsole.clear = clear;
	op.u.readconsole.incremental = incremental;
	op.u.readconsole.index = index;
	op.u.readconsole.count = count;
	op.u.readconsole.buffer.q = fake_guest_va(buffer);
	return call(XEN_SYSCTL_readconsole);
}

static void assert_log(uint64_t from, uint32_t count)
{
	assert_int_equal(op.u.readconsole.count, count);
	assert_int_equal(op.u.readconsole.index, (uint32_t)(from + count));
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(buffer[i], 'a' + (from + i) % 26);
}

static void log_as_dmesg_reads_it(void **state)
{
	fake_guest_give(buffer, sizeof(buffer), true);
	log_bytes = 1000;
	assert_int_equal(read_log(false, false, 0, sizeof(buffer)), 0);
	assert_log(0, 1000);
	assert_int_equal(read_log(false, false, 500, 10), 0); /* the index counts only when incremental */
	assert_log(0, 10);
	/* xenconsoled goes on from the index that it got. */
	assert_int_equal(read_log(false, true, 990, 100), 0);
	assert_log(990, 10);
	assert_int_equal(read_log(false, true, 1000, 100), 0);
	assert_log(1000, 0);
	assert_int_equal(read_log(false, true, 0, 0), 0);
	assert_log(0, 0);
	/* Overwritten. */
	log_bytes = 20000;
	assert_int_equal(read_log(false, true, 1000, sizeof(buffer)), 0);
	assert_log(20000 - LOG_RING_SIZE, LOG_RING_SIZE);
	/* An index from nowhere. */
	assert_int_equal(read_log(false, true, 30000, sizeof(buffer)), 0);
	assert_log(20000 - LOG_RING_SIZE, LOG_RING_SIZE);
	/* Longer than the index has bits. */
	log_bytes = 0x100000010;
	assert_int_equal(read_log(false, true, 0, sizeof(buffer)), 0);
	assert_log(0x100000000, 16);
	assert_int_equal(read_log(false, true, 0xfffffff0, sizeof(buffer)), 0);
	assert_log(0xfffffff0, 32);
	op.u.readconsole.buffer.q = 0x1000;
	op.u.readconsole.incremental = 0;
	assert_int_equal(call(XEN_SYSCTL_readconsole), -EFAULT);
	/* xl dmesg -c; the state is kept, so this comes last. */
	log_bytes = 0x100000100;
	assert_int_equal(read_log(true, false, 0, sizeof(buffer)), 0);
	assert_int_equal(read_log(false, false, 0, sizeof(buffer)), 0);
	assert_log(log_bytes, 0);
	log_bytes += 5;
	assert_int_equal(read_log(false, false, 0, sizeof(buffer)), 0);
	assert_log(log_bytes - 5, 5);
	/* Not behind the mark either. */
	assert_int_equal(read_log(false, true, 0x10, sizeof(buffer)), 0);
	assert_log(log_bytes - 5, 5);
}

static void topology(void **state)
{
	static struct xen_sysctl_cputopo cpu[4];

	op.u.cputopoinfo.num_cpus = 0;
	op.u.cputopoinfo.cputopo.q = 0;
	assert_int_equal(call(XEN_SYSCTL_cputopoinfo), 0);
	assert_int_equal(op.u.cputopoinfo.num_cpus, 3);
	memset(cpu, 0xee, sizeof(cpu));
	fake_guest_give(cpu, sizeof(cpu), true);
	op.u.cputopoinfo.num_cpus = 4;
	op.u.cputopoinfo.cputopo.q = fake_guest_va(cpu);
	assert_int_equal(call(XEN_SYSCTL_cputopoinfo), 0);
	assert_int_equal(op.u.cputopoinfo.num_cpus, 3);
	assert_int_equal(cpu[2].core, 2);
	assert_int_equal(cpu[2].socket, 0);
	assert_int_equal(cpu[2].node, 0);
	assert_int_equal(cpu[3].core, 0xeeeeeeee);
	memset(cpu, 0xee, sizeof(cpu));
	op.u.cputopoinfo.num_cpus = 1;
	assert_int_equal(call(XEN_SYSCTL_cputopoinfo), 0);
	assert_int_equal(op.u.cputopoinfo.num_cpus, 3); /* so many there would have been */
	assert_int_equal(cpu[1].core, 0xeeeeeeee);
	op.u.cputopoinfo.num_cpus = UINT32_MAX;
	op.u.cputopoinfo.cputopo.q = 0x1000;
	assert_int_equal(call(XEN_SYSCTL_cputopoinfo), -EFAULT);
}

static void nodes(void **state)
{
	static struct xen_sysctl_meminfo mem[2];
	static uint32_t distance[4];

	assert_int_equal(call(XEN_SYSCTL_numainfo), 0);
	assert_int_equal(op.u.numainfo.num_nodes, 1);
	fake_guest_give(mem, sizeof(mem), true);
	fake_guest_give(distance, sizeof(distance), true);
	op.u.numainfo.num_nodes = 2;
	op.u.numainfo.meminfo.q = fake_guest_va(mem);
	op.u.numainfo.distance.q = fake_guest_va(distance);
	assert_int_equal(call(XEN_SYSCTL_numainfo), 0);
	assert_int_equal(op.u.numainfo.num_nodes, 1);
	assert_int_equal(mem[0].memsize, 5000 * 4096);
	assert_int_equal(mem[0].memfree, 4000 * 4096);
	assert_int_equal(distance[0], 10);
	assert_int_equal(mem[1].memsize, 0);
	op.u.numainfo.distance.q = 0x1000;
	assert_int_equal(call(XEN_SYSCTL_numainfo), -EFAULT);
	/* No room: nothing is written. */
	op.u.numainfo.num_nodes = 0;
	assert_int_equal(call(XEN_SYSCTL_numainfo), 0);
}

static void pools(void **state)
{
	static uint8_t map[100];
	struct xen_sysctl_cpupool_op *p = &op.u.cpupool_op;

	memset(map, 0xff, sizeof(map));
	fake_guest_give(map, sizeof(map), true);
	p->op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	p->cpumap.bitmap.q = fake_guest_va(map);
	p->cpumap.nr_bits = 750; /* an odd length: 94 bytes */
	assert_int_equal(call(XEN_SYSCTL_cpupool_op), 0);
	assert_int_equal(p->cpupool_id, 0);
	assert_int_equal(p->sched_id, XEN_SCHEDULER_CREDIT2);
	assert_int_equal(p->n_dom, 3);
	assert_int_equal(map[0], 5);
	for (unsigned int i = 1; i < 94; i++)
		assert_int_equal(map[i], 0);
	assert_int_equal(map[94], 0xff);
	p->cpupool_id = 1; /* the end of libxl's loop */
	assert_int_equal(call(XEN_SYSCTL_cpupool_op), -ENOENT);
	p->cpupool_id = XEN_SYSCTL_CPUPOOL_PAR_ANY;
	assert_int_equal(call(XEN_SYSCTL_cpupool_op), -ENOENT);
	p->cpupool_id = 0;
	p->op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO;
	assert_int_equal(call(XEN_SYSCTL_cpupool_op), 0);
	assert_int_equal(map[0], 0);
	p->op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
	assert_int_equal(call(XEN_SYSCTL_cpupool_op), -EOPNOTSUPP);
	p->op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	p->cpumap.nr_bits = UINT32_MAX;
	assert_int_equal(call(XEN_SYSCTL_cpupool_op), -EINVAL);
	p->cpumap.nr_bits = 0;
	assert_int_equal(call(XEN_SYSCTL_cpupool_op), 0);
	p->cpumap.nr_bits = 8192;
	assert_int_equal(call(XEN_SYSCTL_cpupool_op), -EFAULT);
}

static void keys(void **state)
{
	static char text[] = "d!j";

	fake_guest_give(text, 3, false);
	op.u.debug_keys.keys.q = fake_guest_va(text);
	op.u.debug_keys.nr_keys = 3;
	assert_int_equal(call(XEN_SYSCTL_debug_keys), 0);
	assert_string_equal(fake.keys, "dj"); /* '!' stops the machine: nobody asks for that from a guest */
	op.u.debug_keys.nr_keys = 4;
	assert_int_equal(call(XEN_SYSCTL_debug_keys), -EFAULT);
	op.u.debug_keys.nr_keys = UINT32_MAX;
	assert_int_equal(call(XEN_SYSCTL_debug_keys), -EINVAL);
	assert_string_equal(fake.keys, "dj");
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(refusals), T(physinfo), T(scheduler), T(domain_list),
		T(domain_list_without_a_buffer), T(log_as_dmesg_reads_it), T(topology),
		T(nodes), T(pools), T(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
