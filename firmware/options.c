/* SPDX-License-Identifier: Apache-2.0 */
/* KEY=VALUE options, table-driven; pure. */
#include "abi/psci.h"
#include "lib/print.h"
#include "lib/string.h"
#include "log.h"
#include "options.h"

#define CPU_LAST 511

struct options options;

struct word {
	const char *name;
	int value;
};

static const struct word gic_words[] = {
	{ "keep", GIC_KEEP }, { "lose", GIC_LOSE }, { "poison", GIC_POISON }, { NULL, 0 }
};

#define ERROR_WORDS                                          \
	{ "denied", PSCI_DENIED },                           \
	{ "invalid-address", PSCI_INVALID_ADDRESS },         \
	{ "invalid-parameters", PSCI_INVALID_PARAMETERS },   \
	{ "not-supported", PSCI_NOT_SUPPORTED },             \
	{ "internal", PSCI_INTERNAL_FAILURE },               \
	{ "already-on", PSCI_ALREADY_ON },                   \
	{ "on-pending", PSCI_ON_PENDING },                   \
	{ "not-present", PSCI_NOT_PRESENT },                 \
	{ "disabled", PSCI_DISABLED }

static const struct word suspend_words[] = {
	{ "ok", TURN_OK }, { "early", TURN_EARLY }, { "absent", TURN_ABSENT }, ERROR_WORDS, { NULL, 0 }
};

static const struct word cpu_on_words[] = {
	{ "ok", TURN_OK }, { "lost", TURN_LOST }, ERROR_WORDS, { NULL, 0 }
};

static const struct word cpu_off_words[] = {
	{ "ok", TURN_OK }, { "hang", TURN_HANG }, ERROR_WORDS, { NULL, 0 }
};

static const struct word wake_cpu_words[] = { { "self", TURN_SELF }, { NULL, 0 } };

enum kind {
	FLAG,	/* bool: 0 or 1 */
	CPU,	/* int: a CPU's number */
	NUMBER, /* int: 0 and up */
	TURNS,	/* struct turns: words */
	ERRORS, /* struct turns: words, negative numbers */
	CPUS,	/* struct turns: words, CPUs' numbers */
};

static const struct key {
	const char *name;
	enum kind kind;
	size_t at; /* in struct options */
	const struct word *words;
} keys[] = {
	{ "gic", TURNS, offsetof(struct options, gic), gic_words },
	{ "suspend", ERRORS, offsetof(struct options, suspend), suspend_words },
	{ "wake-cpu", CPUS, offsetof(struct options, wake_cpu), wake_cpu_words },
	{ "wake-after", NUMBER, offsetof(struct options, wake_after), NULL },
	{ "wake-step", NUMBER, offsetof(struct options, wake_step), NULL },
	{ "cpu-on-fail", CPU, offsetof(struct options, cpu_on_fail), NULL },
	{ "cpu-on", ERRORS, offsetof(struct options, cpu_on), cpu_on_words },
	{ "cpu-off-fail", CPU, offsetof(struct options, cpu_off_fail), NULL },
	{ "cpu-off", ERRORS, offsetof(struct options, cpu_off), cpu_off_words },
	{ "suspend-hang", FLAG, offsetof(struct options, suspend_hang), NULL },
	{ "watchdog", FLAG, offsetof(struct options, watchdog), NULL },
	{ "verbose", FLAG, offsetof(struct options, verbose), NULL },
	{ "times", FLAG, offsetof(struct options, times), NULL },
	{ "idle-states", FLAG, offsetof(struct options, idle_states), NULL },
};

#define NUMBER_LAST 999999999

#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

/* Decimal, 0 to @max. */
static bool number(const char *value, int max, int *result)
{
	char *end;
	unsigned long val;

	if (*value < '0' || *value > '9' || strlen(value) > 9)
		return false;
	val = strtoul(value, &end, 10);
	if (*end || val > (unsigned long)max)
		return false;
	*result = (int)val;
	return true;
}

static bool turn_value(const struct key *k, const char *value, int *result)
{
	for (const struct word *w = k->words; w->name; w++) {
		if (!strcmp(w->name, value)) {
			*result = w->value;
			return true;
		}
	}
	if (k->kind == CPUS)
		return number(value, CPU_LAST, result);
	if (k->kind != ERRORS || *value != '-' || !number(value + 1, 0x7fffffff, result) || !*result)
		return false;
	*result = -*result;
	return true;
}

/* "VALUE+VALUE+..." */
static bool parse_turns(const struct key *k, struct turns *t, char *value)
{
	t->count = 0;
	while (value) {
		char *next = strchr(value, '+');
		bool good;

		if (next)
			*next++ = '\0';
		good = t->count < TURNS_MAX && turn_value(k, value, &t->value[t->count]);
		if (next)
			next[-1] = '+'; /* who complains shows all of it */
		if (!good)
			return false;
		t->count++;
		value = next;
	}
	/* What isn't there can't come and go. */
	for (unsigned int i = 0; k->words == suspend_words && t->count > 1 && i < t->count; i++) {
		if (t->value[i] == TURN_ABSENT)
			return false;
	}
	return true;
}

static bool parse_flag(bool *flag, const char *value)
{
	int n;

	if (!number(value, 1, &n))
		return false;
	*flag = n;
	return true;
}

static bool parse_value(const struct key *k, struct options *o, char *value)
{
	void *at = (char *)o + k->at;

	if (k->kind == FLAG)
		return parse_flag(at, value);
	if (k->kind == CPU)
		return number(value, CPU_LAST, at);
	if (k->kind == NUMBER)
		return number(value, NUMBER_LAST, at);
	return parse_turns(k, at, value);
}

#define ITEM_MAX 1000

static const char *parse_item(struct options *o, char *item, char *error, size_t size)
{
	char *value = strchr(item, '=');

	if (!value) {
		print_format(error, size, "option '%s' is not KEY=VALUE", item);
		return error;
	}
	*value++ = '\0';
	for (unsigned int i = 0; i < NR_KEYS; i++) {
		if (strcmp(keys[i].name, item) != 0)
			continue;
		if (parse_value(&keys[i], o, value))
			return NULL;
		print_format(error, size, "option %s: bad value '%s'", item, value);
		return error;
	}
	print_format(error, size, "unknown option '%s'", item);
	return error;
}

const char *options_parse(struct options *o, const char *text, char *error, size_t size)
{
	*o = (struct options){
		.suspend = { 1, { TURN_OK } },
		.wake_cpu = { 1, { TURN_SELF } },
		.wake_after = -1,
		.cpu_on_fail = -1,
		.cpu_on = { 1, { PSCI_INTERNAL_FAILURE } },
		.cpu_off_fail = -1,
		.cpu_off = { 1, { PSCI_DENIED } },
		.watchdog = true,
	};
	while (*text) {
		char item[ITEM_MAX];
		size_t len = 0;
		const char *bad;

		while (text[len] && text[len] != ',')
			len++;
		if (len >= sizeof(item)) {
			print_format(error, size, "option too long");
			return error;
		}
		memcpy(item, text, len);
		item[len] = '\0';
		text += len;
		if (*text == ',')
			text++;
		bad = len ? parse_item(o, item, error, size) : NULL;
		if (bad)
			return bad;
	}
	return NULL;
}

int options_turn(const struct turns *t, unsigned int n)
{
	return t->value[n < t->count ? n : t->count - 1];
}

bool options_describe(unsigned int n, char *buf, size_t size)
{
	size_t len;

	for (unsigned int i = 0; i < NR_KEYS; i++) {
		const struct word *w = keys[i].words;

		if (!w || n--)
			continue;
		len = print_format(buf, size, "%s:", keys[i].name);
		for (; w->name && len < size; w++)
			len += print_format(buf + len, size - len, " %s=%d", w->name, w->value);
		return true;
	}
	return false;
}
