// SPDX-License-Identifier: Apache-2.0
/* The doors, and hypercall 48. */
#include "ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xencall.h>
#include <xenforeignmemory.h>

#include "ctl_call.h"
#include "say.h"

#define PRIVCMD      "/dev/xen/privcmd"
#define CAPABILITIES "/proc/xen/capabilities"

static xencall_handle *call;
static xenforeignmemory_handle *foreign;

/* Which of the things that have to be there isn't? */
static const char *why_no_door(int err)
{
	if (err == EACCES || err == EPERM)
		return "only root may talk to the hypervisor (" PRIVCMD ")";
	if (access("/sys/hypervisor/type", F_OK) != 0 && access("/proc/xen", F_OK) != 0)
		return "this system does not run on a hypervisor with Xen's interface: it found "
		       "none "
		       "in its device tree when it booted";
	return "the kernel has no " PRIVCMD ": load its module (modprobe xen-privcmd), or build it "
	       "with CONFIG_XEN_PRIVCMD";
}

int ctl_open(const char **why)
{
	int err;

	if (call)
		return 0;
	if (access(PRIVCMD, R_OK | W_OK) != 0) {
		err = errno;
		*why = why_no_door(err);
		return -err;
	}
	call = xencall_open(NULL, XENCALL_OPENFLAG_NON_REENTRANT);
	if (call)
		return 0;
	err = errno ? errno : ENODEV;
	*why = why_no_door(err);
	return -err;
}

int ctl_reopen(const char **why)
{
	/* Not closed: the library keeps buffers that a child doesn't have. */
	call = NULL;
	foreign = NULL;
	return ctl_open(why);
}

xenforeignmemory_handle *ctl_foreign(void)
{
	if (!foreign)
		foreign = xenforeignmemory_open(NULL, 0);
	return foreign;
}

void *ctl_buffer(size_t size)
{
	void *p = xencall_alloc_buffer(call, size);

	if (p)
		return p;
	say_error("out of memory for the hypervisor's calls");
	exit(STATUS_FAIL);
}

void ctl_buffer_free(void *p)
{
	xencall_free_buffer(call, p);
}

int ctl_call(unsigned int nr, unsigned int at, const uint64_t args[2], void *arg, size_t size)
{
	void *buffer = ctl_buffer(size);
	uint64_t a[2] = { args ? args[0] : 0, args ? args[1] : 0 };
	int ret;

	memcpy(buffer, arg, size);
	a[at] = (uintptr_t)buffer;
	ret = xencall2(call, nr, a[0], a[1]);
	if (ret < 0)
		ret = -errno;
	memcpy(arg, buffer, size);
	ctl_buffer_free(buffer);
	return ret;
}

/* --- hypercall 48 ------------------------------------------------------------------------ */

static int dm_call(enum dm_op_nr nr, struct dm_op *op)
{
	op->version = DM_OP_VERSION;
	op->op = nr;
	return ctl_call(DM_HYPERCALL, 0, NULL, op, sizeof(*op));
}

int ctl_info(struct dm_op_info *out)
{
	struct dm_op op = { 0 };
	int err = dm_call(DM_OP_INFO, &op);

	*out = op.u.info;
	return err;
}

static int list(enum dm_op_nr nr, uint64_t *cursor, void *out, unsigned int max, size_t size)
{
	void *buffer = ctl_buffer(max * size);
	struct dm_op op = {
		.u.list = { .cursor = *cursor, .buffer = (uintptr_t)buffer, .max = max },
	};
	int ret = dm_call(nr, &op);

	if (ret == 0) {
		ret = op.u.list.count <= max ? (int)op.u.list.count : -EPROTO;
		*cursor = op.u.list.cursor;
	}
	if (ret > 0)
		memcpy(out, buffer, (size_t)ret * size);
	ctl_buffer_free(buffer);
	return ret;
}

int ctl_domains(uint64_t *cursor, struct dm_domain *out, unsigned int max)
{
	return list(DM_OP_DOMAINS, cursor, out, max, sizeof(out[0]));
}

int ctl_journal(uint64_t *cursor, struct dm_journal_record *out, unsigned int max)
{
	return list(DM_OP_JOURNAL, cursor, out, max, sizeof(out[0]));
}

int ctl_blockers(uint64_t *cursor, struct dm_blocker *out, unsigned int max)
{
	return list(DM_OP_BLOCKERS, cursor, out, max, sizeof(out[0]));
}

int ctl_wakeup(struct dm_op_wakeup *wakeup)
{
	struct dm_op op = { .u.wakeup = *wakeup };
	int err = dm_call(DM_OP_WAKEUP, &op);

	*wakeup = op.u.wakeup;
	return err;
}

int ctl_policy(struct dm_op_policy *policy)
{
	struct dm_op op = { .u.policy = *policy };
	int err = dm_call(DM_OP_POLICY, &op);

	*policy = op.u.policy;
	return err;
}

int ctl_key(uint16_t domid, enum dm_key key)
{
	struct dm_op op = { .u.key = { .domid = domid, .key = (uint16_t)key } };

	return dm_call(DM_OP_KEY, &op);
}

int ctl_resume(uint16_t domid)
{
	struct dm_op op = { .u.domid = domid };

	return dm_call(DM_OP_RESUME, &op);
}

int ctl_dom0_ready(void)
{
	struct dm_op op = { 0 };

	return dm_call(DM_OP_DOM0_READY, &op);
}

int ctl_test(uint32_t phase)
{
	struct dm_op op = { .u.phase = phase };

	return dm_call(DM_OP_TEST, &op);
}

int ctl_faults(const char *text)
{
	size_t size = strlen(text);
	char *buffer = ctl_buffer(size + 1);
	struct dm_op op = {
		.u.faults = { .buffer = (uintptr_t)buffer, .size = (uint32_t)size },
	};
	int err;

	/* static: bugprone-not-null-terminated-result: its size goes along */
	memcpy(buffer, text, size);
	err = dm_call(DM_OP_FAULTS, &op);
	ctl_buffer_free(buffer);
	return err;
}

int ctl_console_read(uint16_t domid, uint64_t *cursor, void *buf, size_t size)
{
	void *buffer = ctl_buffer(size);
	struct dm_op op = { .u.console = {
		                    .domid = domid,
		                    .size = (uint32_t)size,
		                    .buffer = (uintptr_t)buffer,
		                    .cursor = *cursor,
		            } };
	int ret = dm_call(DM_OP_CONSOLE_READ, &op);

	if (ret == 0) {
		ret = op.u.console.count <= size ? (int)op.u.console.count : -EPROTO;
		*cursor = op.u.console.cursor;
	}
	if (ret > 0)
		memcpy(buf, buffer, (size_t)ret);
	ctl_buffer_free(buffer);
	return ret;
}

int ctl_console_write(uint16_t domid, const void *buf, size_t size)
{
	void *buffer = ctl_buffer(size);
	struct dm_op op = { .u.console = {
		                    .domid = domid,
		                    .size = (uint32_t)size,
		                    .buffer = (uintptr_t)buffer,
		            } };
	int ret;

	memcpy(buffer, buf, size);
	ret = dm_call(DM_OP_CONSOLE_WRITE, &op);
	ctl_buffer_free(buffer);
	return ret ? ret : (int)op.u.console.count;
}

int ctl_set_name(uint16_t domid, const char *name)
{
	struct dm_op op = { .u.name = { .domid = domid, .set = 1 } };

	memcpy(op.u.name.name, name, strnlen(name, DM_NAME_SIZE - 1));
	return dm_call(DM_OP_NAME, &op);
}

int ctl_devices(struct dm_op_devices *devices)
{
	struct dm_op op = { .u.devices = *devices };
	int err = dm_call(DM_OP_DEVICES, &op);

	*devices = op.u.devices;
	return err;
}
