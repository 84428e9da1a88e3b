/* SPDX-License-Identifier: Apache-2.0 */
/* The running image's borders (dormouse.lds); page-aligned but for the file's end. */
#ifndef DM_ARCH_IMAGE_H
#define DM_ARCH_IMAGE_H

extern char image_start[];	/* text: RX */
extern char image_rodata[];	/* to image_data: R */
extern char image_data[];	/* to image_end: RW */
extern char image_file_end[];
extern char image_end[];
extern char boot_stack_guard[]; /* one page, not mapped */
extern char boot_stack[];
extern char boot_stack_top[];

#endif
