/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzzer's input, taken apart from its beginning. What is beyond its end is zero, so that a
 * shortened input does a part of what the longer one did.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
	const uint8_t *at;
	size_t left;
};

static inline bool in_more(const struct input *in)
{
	return in->left;
}

static inline void in_bytes(struct input *in, void *to, size_t size)
{
	size_t n = size < in->left ? size : in->left;

	memset(to, 0, size);
	if (n)
		memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
}

#define IN_TYPE(bits)                                             \
	static inline uint##bits##_t in_u##bits(struct input *in) \
	{                                                         \
		uint##bits##_t v;                                 \
                                                                  \
		in_bytes(in, &v, sizeof(v));                      \
		return v;                                         \
	}
IN_TYPE(8)
IN_TYPE(16)
IN_TYPE(32)
IN_TYPE(64)
#undef IN_TYPE

/* 0 to n - 1, of one byte. n: 1 to 256. */
static inline unsigned int in_below(struct input *in, unsigned int n)
{
	return in_u8(in) % n;
}

/* Once in n times, of one byte; no at the end of the input. */
static inline bool in_once_in(struct input *in, unsigned int n)
{
	return in_u8(in) % n == n - 1;
}

/* A number as software gets them wrong: small ones, powers of two and what is beside them, all
 * bits, any. */
static inline uint64_t in_number(struct input *in)
{
	uint8_t how = in_u8(in);
	uint64_t power = (uint64_t)1 << (how & 63);

	switch (in_u8(in) % 8) {
	case 0:
	case 1:
		return how;
	case 2:
		return power;
	case 3:
		return power - 1;
	case 4:
		return power + in_u8(in);
	case 5:
		return ~(uint64_t)how;
	case 6:
		return in_u32(in);
	default:
		return in_u64(in);
	}
}

#endif
