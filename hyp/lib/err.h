/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error numbers. Functions that can fail return 0 or one of these negated. The values are those of
 * Xen's public errno.h, so that a hypercall hands them to the guest as they are.
 */
#ifndef DM_LIB_ERR_H
#define DM_LIB_ERR_H

enum dm_err {
	EPERM = 1,
	ENOENT = 2,
	ESRCH = 3,
	EIO = 5,
	E2BIG = 7,
	EAGAIN = 11,
	ENOMEM = 12,
	EACCES = 13,
	EFAULT = 14,
	EBUSY = 16,
	EEXIST = 17,
	ENODEV = 19,
	EINVAL = 22,
	ENOSPC = 28,
	ERANGE = 34,
	ENOSYS = 38,
	ENODATA = 61,
	EOPNOTSUPP = 95,
	ETIMEDOUT = 110,
};

#endif
