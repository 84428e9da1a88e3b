/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/cmdline.h"

#include "lib/err.h"
#include "lib/string.h"

#define WORD_SIZE 160

/*
 * A number up to the first character that isn't one of its digits; false: none there, or too large.
 */
static bool number(const char **s, uint64_t *out)
{
	const char *p = *s;
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (value > (~(uint64_t)0 - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	*out = value;
	if (p == *s)
		return false;
	*s = p;
	return true;
}

static bool size_value(const char **s, uint64_t *out)
{
	static const struct {
		const char *letters;
		unsigned int shift;
	} units[] = { { "kK", 10 }, { "mM", 20 }, { "gG", 30 } };
	uint64_t value;

	if (!number(s, &value))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (**s == '\0' || !strchr(units[i].letters, **s))
			continue;
		if (value >> (64 - units[i].shift))
			return false;
		(*s)++;
		value <<= units[i].shift;
		break;
	}
	*out = value;
	return true;
}

/* SIZE, or as Xen has it SIZE,max:SIZE and so on: the plain one counts, else max. */
static bool set_dom0_mem(struct boot_options *o, const char *value)
{
	uint64_t plain = 0, max = 0, ignored;

	while (*value) {
		uint64_t *to = &plain;

		if (strncmp(value, "max:", 4) == 0)
			to = &max;
		else if (strncmp(value, "min:", 4) == 0)
			to = &ignored;
		value += to == &plain ? 0 : 4;
		if (!size_value(&value, to) || (*value && *value != ','))
			return false;
		if (*value == ',')
			value++;
	}
	o->dom0_mem = plain ? plain : max;
	return o->dom0_mem >= MIB;
}

static bool count_value(const char *value, unsigned int *out)
{
	uint64_t n;

	if (!number(&value, &n) || *value || n == 0 || n > 64)
		return false;
	*out = (unsigned int)n;
	return true;
}

static bool set_dom0_max_vcpus(struct boot_options *o, const char *value)
{
	return count_value(value, &o->dom0_max_vcpus);
}

/* As Xen writes them; alone it is true. */
static bool bool_value(const char *value, bool *out)
{
	static const char *const words[] = { "no", "0", "off", "false", "", "yes", "1", "on", "true" };

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			*out = i >= 4;
			return true;
		}
	}
	return false;
}

static bool set_dom0_vcpus_pin(struct boot_options *o, const char *value)
{
	return bool_value(value, &o->dom0_vcpus_pin);
}

static bool set_maxcpus(struct boot_options *o, const char *value)
{
	return count_value(value, &o->max_cpus);
}

static bool set_dom0_grace(struct boot_options *o, const char *value)
{
	uint64_t ms;

	if (!number(&value, &ms) || *value || ms > CMDLINE_DOM0_GRACE_MAX)
		return false;
	o->dom0_grace_ms = (unsigned int)ms;
	return true;
}

static bool set_hang_limit(struct boot_options *o, const char *value)
{
	uint64_t s;

	if (!number(&value, &s) || *value || s > CMDLINE_HANG_LIMIT_MAX)
		return false;
	o->hang_limit_s = (unsigned int)s;
	return true;
}

static bool set_panic(struct boot_options *o, const char *value)
{
	o->panic_reset = strcmp(value, "reset") == 0;
	return o->panic_reset || strcmp(value, "off") == 0;
}

static bool set_loglevel(struct boot_options *o, const char *value)
{
	static const char *const levels[] = {
		[LOG_ERR] = "err",
		[LOG_WARN] = "warn",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcmp(value, levels[i]) != 0)
			continue;
		o->loglevel = (enum log_level)i;
		return true;
	}
	return false;
}

/* Its words are the suspend engine's to check. */
static bool set_debug_power(struct boot_options *o, const char *value)
{
	o->debug_power = true;
	return str_copy(o->debug_power_arg, value, sizeof(o->debug_power_arg)) <
	       sizeof(o->debug_power_arg);
}

static const struct {
	const char *name;
	bool needs_value;
	bool (*set)(struct boot_options *o, const char *value);
	const char *allowed;
} options[] = {
	{ "dom0_mem", true, set_dom0_mem, "a size of at least 1M, as 512M or 2G" },
	{ "dom0_max_vcpus", true, set_dom0_max_vcpus, "1 to 64" },
	{ "dom0_vcpus_pin", false, set_dom0_vcpus_pin, "yes or no" },
	{ "dom0-grace", true, set_dom0_grace, "0 to 60000 (milliseconds)" },
	{ "hang-limit", true, set_hang_limit, "0 to 3600 (seconds; 0: none)" },
	{ "maxcpus", true, set_maxcpus, "1 to 64" },
	{ "loglevel", true, set_loglevel, "err, warn, info or debug" },
	{ "panic", true, set_panic, "off or reset" },
	{ "debug-power", false, set_debug_power, "at most 127 characters" },
};

/* One word, which is taken apart. */
static int parse_word(char *word, struct boot_options *out)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(word, options[i].name) != 0)
			continue;
		if ((value || !options[i].needs_value) && options[i].set(out, value ? value : ""))
			return 0;
		log_err("command line: %s%s%s: allowed is %s", word, value ? "=" : "",
		        value ? value : "", options[i].allowed);
		return -EINVAL;
	}
	log_warn("command line: unknown option \"%s\" ignored", word);
	return 0;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int cmdline_parse(const char *line, struct boot_options *out)
{
	char word[WORD_SIZE];
	int err = 0;

	memset(out, 0, sizeof(*out));
	out->loglevel = LOG_INFO;
	out->dom0_grace_ms = CMDLINE_DOM0_GRACE_MS;
	out->hang_limit_s = CMDLINE_HANG_LIMIT_S;
	while (err == 0) {
		size_t len = 0;

		while (blank(*line))
			line++;
		if (!*line)
			break;
		while (line[len] && !blank(line[len]))
			len++;
		if (str_copy(word, line, len + 1 < WORD_SIZE ? len + 1 : WORD_SIZE) < len ||
		    len >= WORD_SIZE) {
			log_err("command line: a word of %u characters (\"%s...\"); at most %u are "
			        "allowed",
			        (unsigned int)len, word, WORD_SIZE - 1);
			return -EINVAL;
		}
		err = parse_word(word, out);
		line += len;
	}
	return err;
}
