// SPDX-License-Identifier: Apache-2.0
/* The tool's configuration files: syntax (config.c), then what the keys mean (spec.c). */
#include "config.h"

#include <stdlib.h>

#include "fuzz.h"
#include "spec.h"

static FILE *nowhere;

void fuzz_setup(void)
{
	nowhere = fopen("/dev/null", "w");
}

static void check_value(const struct config_value *v, unsigned int depth)
{
	FUZZ_CHECK(depth < 16 && v->type <= CONFIG_LIST);
	FUZZ_CHECK(v->type == CONFIG_LIST || (v->string && !v->nr_items));
	for (size_t i = 0; i < v->nr_items; i++)
		check_value(&v->items[i], depth + 1);
}

static void check_config(const struct config *c)
{
	for (size_t i = 0; i < c->nr_entries; i++) {
		const struct config_entry *e = &c->entries[i];

		FUZZ_CHECK(e->name && e->name[0] && config_find(c, e->name) == e);
		check_value(&e->value, 0);
	}
}

static void check_spec(const struct spec *s)
{
	FUZZ_CHECK(s->name && !spec_bad_name(s->name) && s->kernel);
	FUZZ_CHECK(s->vcpus >= 1 && s->vcpus <= SPEC_MAX_VCPUS);
	FUZZ_CHECK(s->memory_mib && s->maxmem_mib >= s->memory_mib);
	FUZZ_CHECK(s->on_crash < NR_ACTIONS && s->on_reboot < NR_ACTIONS &&
	           s->on_poweroff < NR_ACTIONS);
	FUZZ_CHECK(s->host_suspend < DM_NR_HOST_SUSPENDS && s->time < DM_NR_TIMES);
	FUZZ_CHECK(!(s->wake_sources & ~(uint32_t)DM_WAKE_ALL));
}

/* The last line, if it begins with '!', is an argument of the command line. */
static char *argument_of(char *text, size_t *size)
{
	for (size_t i = *size; i-- > 1;) {
		if (text[i] == '!' && text[i - 1] == '\n') {
			*size = i;
			return text + i + 1;
		}
	}
	return NULL;
}

void fuzz_one(struct input *in)
{
	size_t size = in->left;
	char *text = malloc(size + 1), *argument;
	struct spec s = { 0 };
	struct config c;
	bool good;

	in_bytes(in, text, size);
	text[size] = '\0';
	argument = argument_of(text, &size);
	good = config_parse(&c, "fuzz.cfg", text, size, nowhere);
	if (good && argument)
		good = config_add(&c, argument);
	FUZZ_CHECK(good == !c.nr_errors);
	check_config(&c);
	if (good) {
		good = spec_read(&s, &c);
		FUZZ_CHECK(good == !c.nr_errors);
		if (good)
			check_spec(&s);
	}
	spec_free(&s);
	config_free(&c);
	free(text);
}
