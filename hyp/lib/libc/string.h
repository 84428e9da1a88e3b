/* SPDX-License-Identifier: Apache-2.0 */
/* What libfdt's headers ask for by the C library's name, when there is no C library. */
#ifndef DM_LIB_LIBC_STRING_H
#define DM_LIB_LIBC_STRING_H

#include "lib/string.h"

#endif
