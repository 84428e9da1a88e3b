/* SPDX-License-Identifier: Apache-2.0 */
/* xen_version: what a guest and Xen's tools ask to know whom they talk to (public/version.h). */
#include "lib/err.h"
#include "lib/string.h"
#include "virt/hypercall/guest_copy.h"
#include "virt/hypercall/hypercall.h"
#include "virt/hypercall/xen_domain.h"

/* The release whose ABI this is. Debian's scripts choose the tools' directory by it. */
#define XEN_MAJOR 4
#define XEN_MINOR 17

#define FEATURES                                                                           \
	(BIT(XENFEAT_writable_page_tables) | BIT(XENFEAT_auto_translated_physmap) |       \
	 BIT(XENFEAT_memory_op_vnode_supported) | BIT(XENFEAT_ARM_SMCCC_supported))

/* What is a string of a fixed size, and zeroes behind it. */
static const struct version_text {
	uint16_t cmd;
	uint16_t size;
	const char *text;
} texts[] = {
	{ XENVER_extraversion, sizeof(xen_extraversion_t), ".7-dormouse" },
	{ XENVER_capabilities, sizeof(xen_capabilities_info_t), "xen-3.0-aarch64 " },
	{ XENVER_changeset, sizeof(xen_changeset_info_t), "dormouse" },
	{ XENVER_commandline, sizeof(xen_commandline_t), "" },
};

/* A piece at a time: the largest are 1 KiB. */
static int put_text(struct vcpu *v, uint64_t va, const struct version_text *t)
{
	char piece[64];
	size_t length = strlen(t->text);
	int err = 0;

	for (size_t at = 0; at < t->size && !err; at += sizeof(piece)) {
		size_t n = min_u64(sizeof(piece), t->size - at);

		memset(piece, 0, sizeof(piece));
		if (at < length)
			memcpy(piece, t->text + at, min_u64(n, length - at));
		err = guest_copy_to(v, va + at, piece, n);
	}
	return err;
}

static int compile_info(struct vcpu *v, uint64_t va)
{
	struct xen_compile_info info;

	memset(&info, 0, sizeof(info));
	str_copy(info.compiler, "gcc or clang", sizeof(info.compiler));
	str_copy(info.compile_by, "dormouse", sizeof(info.compile_by));
	return guest_copy_to(v, va, &info, sizeof(info));
}

static int get_features(struct vcpu *v, uint64_t va)
{
	struct xen_feature_info info;

	if (guest_copy_from(v, &info, va, sizeof(info)))
		return -EFAULT;
	if (info.submap_idx)
		return -EINVAL;
	info.submap = FEATURES;
	if (v->domain->privileged)
		info.submap |= BIT(XENFEAT_dom0);
	info.submap |= v->domain->direct_mapped ? BIT(XENFEAT_direct_mapped) :
						  BIT(XENFEAT_not_direct_mapped);
	return guest_copy_to(v, va, &info, sizeof(info));
}

static __noinline int64_t into_memory(struct vcpu *v, uint32_t cmd, uint64_t va)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i].cmd == cmd)
			return put_text(v, va, &texts[i]);
	}
	switch (cmd) {
	case XENVER_compile_info:
		return compile_info(v, va);
	case XENVER_platform_parameters:
		return guest_copy_to(v, va, &(struct xen_platform_parameters){ 0 },
				     sizeof(struct xen_platform_parameters));
	case XENVER_get_features:
		return get_features(v, va);
	case XENVER_pagesize:
		return va ? -EINVAL : (int64_t)PAGE_SIZE;
	case XENVER_guest_handle:
		return guest_copy_to(v, va, v->domain->handle, sizeof(xen_domain_handle_t));
	case XENVER_build_id:
		return -ENODATA;
	default:
		return -ENOSYS;
	}
}

/* The one that is called for its own sake, to have pending events delivered, comes first. */
int64_t hypercall_xen_version(struct vcpu *v, const uint64_t a[HYPERCALL_ARGS])
{
	uint32_t cmd = (uint32_t)a[0];

	if (cmd == XENVER_version)
		return XEN_MAJOR << 16 | XEN_MINOR;
	return into_memory(v, cmd, a[1]);
}
