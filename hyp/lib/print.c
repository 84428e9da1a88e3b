/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/print.h"
#include "lib/string.h"

/* Where the text goes: what doesn't fit is counted only. */
struct out {
	char *buf;
	size_t size;
	size_t len;
};

/* One conversion specification, parsed. */
struct spec {
	bool left;
	bool zero;
	bool alt; /* '#': 0x before a hexadecimal number */
	unsigned int width;
	unsigned int precision; /* of %s: at most so many characters */
	unsigned int
	        longs; /* 1 for l and z, 2 for ll; on AArch64 and the build host all are 64 bits */
	char conv;
};

static void out_char(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void out_pad(struct out *o, char c, size_t used, unsigned int width)
{
	for (; used < width; used++)
		out_char(o, c);
}

static void out_text(struct out *o, const struct spec *s, const char *text, size_t len)
{
	if (!s->left)
		out_pad(o, ' ', len, s->width);
	for (size_t i = 0; i < len; i++)
		out_char(o, text[i]);
	if (s->left)
		out_pad(o, ' ', len, s->width);
}

/* prefix: "-", "0x" or "". Zeros go between it and the digits, spaces around both. */
static void out_number(struct out *o, const struct spec *s, const char *prefix, uint64_t value,
                       unsigned int base)
{
	char digits[20]; /* 2^64 has 20 decimal digits */
	size_t n = 0;
	size_t used = strlen(prefix);

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	used += n;

	if (!s->left && !s->zero)
		out_pad(o, ' ', used, s->width);
	while (*prefix)
		out_char(o, *prefix++);
	if (!s->left && s->zero)
		out_pad(o, '0', used, s->width);
	while (n)
		out_char(o, digits[--n]);
	if (s->left)
		out_pad(o, ' ', used, s->width);
}

static unsigned int parse_number(const char **p, va_list *ap)
{
	unsigned int n = 0;

	if (**p == '*') {
		int arg = va_arg(*ap, int);

		(*p)++;
		return arg < 0 ? 0 : (unsigned int)arg;
	}
	for (; **p >= '0' && **p <= '9'; (*p)++)
		n = n * 10 + (unsigned int)(**p - '0');
	return n;
}

/* p is behind the '%'. Returns the place behind the conversion character. */
static const char *parse_spec(const char *p, struct spec *s, va_list *ap)
{
	*s = (struct spec) { .precision = ~0U };

	for (;; p++) {
		if (*p == '-')
			s->left = true;
		else if (*p == '0')
			s->zero = true;
		else if (*p == '#')
			s->alt = true;
		else
			break;
	}
	s->width = parse_number(&p, ap);
	if (*p == '.') {
		p++;
		s->precision = parse_number(&p, ap);
	}
	for (; *p == 'l' || *p == 'z'; p++)
		s->longs++;
	s->conv = *p;
	return *p ? p + 1 : p;
}

static void out_string(struct out *o, const struct spec *s, const char *text)
{
	if (!text)
		text = "(null)";
	out_text(o, s, text, strnlen(text, s->precision));
}

static void out_signed(struct out *o, const struct spec *s, int64_t v)
{
	/* Negated as unsigned: INT64_MIN has no positive counterpart. */
	out_number(o, s, v < 0 ? "-" : "", v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
}

/* False: not a conversion that we know; nothing was taken from ap. */
static bool out_spec(struct out *o, const struct spec *s, va_list *ap)
{
	char c;

	switch (s->conv) {
	case '%':
		out_char(o, '%');
		return true;
	case 'c':
		c = (char)va_arg(*ap, int);
		out_text(o, s, &c, 1);
		return true;
	case 's':
		out_string(o, s, va_arg(*ap, const char *));
		return true;
	case 'd':
	case 'i':
		out_signed(o, s, s->longs ? va_arg(*ap, long) : va_arg(*ap, int));
		return true;
	case 'u':
		out_number(o, s, "",
		           s->longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int), 10);
		return true;
	case 'x':
		out_number(o, s, s->alt ? "0x" : "",
		           s->longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int), 16);
		return true;
	case 'p':
		out_number(o, s, "0x", (uintptr_t)va_arg(*ap, void *), 16);
		return true;
	default:
		return false;
	}
}

size_t print_vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { .buf = buf, .size = size };
	struct spec s;
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		const char *from = fmt;

		if (*fmt != '%') {
			out_char(&o, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &s, &args);
		if (!out_spec(&o, &s, &args)) {
			while (from < fmt)
				out_char(&o, *from++);
		}
	}
	va_end(args);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return o.len;
}

size_t print_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = print_vformat(buf, size, fmt, ap);
	va_end(ap);
	return len;
}
