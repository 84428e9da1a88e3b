/* SPDX-License-Identifier: Apache-2.0 */
/* Room in Dom0's address space for pages of other domains. */
#ifndef TOOL_BALLOON_H
#define TOOL_BALLOON_H

#include <stdbool.h>

/*
 * Sees to it that Dom0's balloon has 2 MiB for a mapping; takes them from Dom0 if need be, and
 * leaves them there. False if that can't be had: Linux then makes room in its own way. root is put
 * before the paths.
 */
bool balloon_make_room(const char *root);

#endif
