// SPDX-License-Identifier: Apache-2.0
#include "spec.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

const char *const spec_host_suspend_words[] = { "freeze", "require", "veto", NULL };
const char *const spec_time_words[] = { "continuous", "frozen", NULL };
const char *const spec_wake_words[] = { "alarm", "console", "device", "event",
	                                "key",   "command", NULL };
const char *const spec_action_words[] = { "destroy", "restart", "rename-restart", "preserve",
	                                  NULL };

_Static_assert(ARRAY_SIZE(spec_host_suspend_words) == DM_NR_HOST_SUSPENDS + 1, "words");
_Static_assert(ARRAY_SIZE(spec_time_words) == DM_NR_TIMES + 1, "words");
_Static_assert(DM_WAKE_ALL == (1 << (ARRAY_SIZE(spec_wake_words) - 1)) - 1, "words");
_Static_assert(ARRAY_SIZE(spec_action_words) == NR_ACTIONS + 1, "words");

int spec_word(const char *const words[], const char *word)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

char *spec_word_list(const char *const words[], const char *last)
{
	char *list = xstrdup(words[0]);

	for (int i = 1; words[i]; i++) {
		char *longer = xformat("%s%s%s", list, words[i + 1] ? ", " : last, words[i]);

		free(list);
		list = longer;
	}
	return list;
}

const char *spec_bad_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0)
		return "it is empty";
	if (n >= DM_NAME_SIZE)
		return "it is longer than 31 characters";
	if (strspn(name, "0123456789") == n)
		return "it would be taken for a number";
	for (; *name; name++) {
		if (!isprint((unsigned char)*name) || *name == '/' || *name == ' ')
			return "only printable ASCII but blanks and / may be in it";
	}
	return NULL;
}

void spec_uuid_text(const uint8_t uuid[16], char out[37])
{
	char *at = out;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += sprintf(at, "%02x", uuid[i]);
	}
}

/* --- values ------------------------------------------------------------------------------ */

struct reader {
	struct spec *s;
	struct config *c;
	const struct config_entry *e;
};

#define bad(r, v, ...) config_error((r)->c, (v)->line, (v)->column, __VA_ARGS__)

struct key {
	const char *name;
	void (*set)(struct reader *r, const struct key *key, const struct config_value *v);
	size_t at; /* in struct spec */
	uint64_t min, max;
	const char *const *words;
};

static void *place(const struct reader *r, const struct key *key)
{
	return (char *)r->s + key->at;
}

/* NULL after a message. A number's text will do, too, as with xl. */
static const char *text_of(struct reader *r, const struct config_value *v)
{
	if (v->type != CONFIG_LIST)
		return v->string;
	bad(r, v, "\"%s\" takes a string, not a list", r->e->name);
	return NULL;
}

static void set_string(struct reader *r, const struct key *key, const struct config_value *v)
{
	const char *text = text_of(r, v);
	char **to = place(r, key);

	free(*to);
	*to = text && *text ? xstrdup(text) : NULL;
}

static void set_number(struct reader *r, const struct key *key, const struct config_value *v)
{
	uint64_t value = v->number;

	if (v->type == CONFIG_LIST ||
	    (v->type == CONFIG_STRING && !parse_u64(v->string, UINT64_MAX, &value)))
		bad(r, v, "\"%s\" takes a number", key->name);
	else if (value < key->min || value > key->max)
		bad(r, v, "\"%s\" is %llu, but must be from %llu to %llu", key->name,
		    (unsigned long long)value, (unsigned long long)key->min,
		    (unsigned long long)key->max);
	else
		*(uint64_t *)place(r, key) = value;
}

static void set_word(struct reader *r, const struct key *key, const struct config_value *v)
{
	const char *text = text_of(r, v);
	int n = text ? spec_word(key->words, text) : 0;
	char *list;

	if (n >= 0) {
		*(int *)place(r, key) = n;
		return;
	}
	list = spec_word_list(key->words, " or ");
	bad(r, v, "\"%s\" can't be \"%s\"; it is %s", key->name, text, list);
	free(list);
}

static void set_name(struct reader *r, const struct key *key, const struct config_value *v)
{
	const char *text = text_of(r, v);
	const char *why = text ? spec_bad_name(text) : NULL;

	if (why)
		bad(r, v, "\"%s\" can't be a domain's name: %s", text, why);
	else
		set_string(r, key, v);
}

static void set_type(struct reader *r, const struct key *key, const struct config_value *v)
{
	const char *text = text_of(r, v);

	(void)key;
	/* xl on Arm takes "pv" for "pvh", too. */
	if (text && strcmp(text, "pvh") != 0 && strcmp(text, "pv") != 0)
		bad(r, v, "the type can't be \"%s\"; domains here are \"pvh\"", text);
}

static void set_uuid(struct reader *r, const struct key *key, const struct config_value *v)
{
	const char *text = text_of(r, v), *at = text;
	uint8_t *to = place(r, key);
	int n = 0;

	for (; at && *at && n < 32; at++) {
		unsigned char c = (unsigned char)*at;
		int digit = isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;

		if (c == '-')
			continue;
		if (!isxdigit(c))
			break;
		to[n / 2] = (uint8_t)(n % 2 ? to[n / 2] | digit : digit << 4);
		n++;
	}
	/* static: analyzer-null-dereference: at is text, moved on */
	if (text && (n != 32 || *at))
		bad(r, v,
		    "\"%s\" is no UUID such as "
		    "5bcf4f82-2f4c-4b1e-b1a4-0a2f24b2c3a1",
		    text);
}

static void cpus_of(struct reader *r, const struct config_value *v, uint64_t *mask)
{
	const char *text = text_of(r, v), *why;

	if (text && !parse_cpus(text, mask, &why))
		bad(r, v, "\"%s\": %s", text, why);
}

/* A string for all vCPUs, or a list with one for each. */
static void set_cpus(struct reader *r, const struct key *key, const struct config_value *v)
{
	uint64_t *to = place(r, key);

	if (v->type == CONFIG_LIST) {
		for (size_t i = 0; i < v->nr_items && i < SPEC_MAX_VCPUS; i++)
			cpus_of(r, &v->items[i], &to[i]);
		return;
	}
	cpus_of(r, v, &to[0]);
	for (unsigned int i = 1; i < SPEC_MAX_VCPUS; i++)
		to[i] = to[0];
}

static void set_wakeup(struct reader *r, const struct key *key, const struct config_value *v)
{
	uint32_t *to = place(r, key);

	if (v->type != CONFIG_LIST) {
		bad(r, v, "\"%s\" takes a list such as [\"alarm\", \"key\"]", key->name);
		return;
	}
	*to = 0;
	for (size_t i = 0; i < v->nr_items; i++) {
		const struct config_value *item = &v->items[i];
		const char *text = text_of(r, item);
		int bit = text ? spec_word(spec_wake_words, text) : -1;
		char *list;

		if (bit >= 0) {
			*to |= 1u << bit;
		} else if (text) {
			list = spec_word_list(spec_wake_words, " and ");
			bad(r, item, "there is no wake-up source \"%s\"; there are %s", text, list);
			free(list);
		}
	}
}

/* --- keys -------------------------------------------------------------------------------- */

struct extra {
	struct spec spec; /* first: keys of both kinds have their places in one struct */
	char *cmdline, *root, *extra;
};

#define AT(field) offsetof(struct extra, field)
#define S(field)  AT(spec.field)
#define MAX_MIB   (1024 * 1024)

static const struct key keys[] = {
	{ "name", set_name, S(name), 0, 0, NULL },
	{ "type", set_type, 0, 0, 0, NULL },
	{ "uuid", set_uuid, S(uuid), 0, 0, NULL },
	{ "kernel", set_string, S(kernel), 0, 0, NULL },
	{ "ramdisk", set_string, S(ramdisk), 0, 0, NULL },
	{ "cmdline", set_string, AT(cmdline), 0, 0, NULL },
	{ "root", set_string, AT(root), 0, 0, NULL },
	{ "extra", set_string, AT(extra), 0, 0, NULL },
	{ "memory", set_number, S(memory_mib), 1, MAX_MIB, NULL },
	{ "maxmem", set_number, S(maxmem_mib), 1, MAX_MIB, NULL },
	{ "vcpus", set_number, S(vcpus), 1, SPEC_MAX_VCPUS, NULL },
	{ "cpus", set_cpus, S(affinity), 0, 0, NULL },
	{ "cpu_weight", set_number, S(weight), 1, 65535, NULL },
	{ "cap", set_number, S(cap), 0, 100 * SPEC_MAX_VCPUS, NULL },
	{ "on_poweroff", set_word, S(on_poweroff), 0, 0, spec_action_words },
	{ "on_reboot", set_word, S(on_reboot), 0, 0, spec_action_words },
	{ "on_crash", set_word, S(on_crash), 0, 0, spec_action_words },
	{ "host_suspend", set_word, S(host_suspend), 0, 0, spec_host_suspend_words },
	{ "time", set_word, S(time), 0, 0, spec_time_words },
	{ "veto_ms", set_number, S(veto_ms), 1, 600000, NULL },
	{ "wakeup", set_wakeup, S(wake_sources), 0, 0, NULL },
	{ "xen", set_number, S(xen), 0, 1, NULL },
};

/* xl's keys that mean something elsewhere. True: the guest will miss something. */
static const struct {
	const char *name;
	bool missed;
} other_keys[] = {
	{ "disk", true },
	{ "vif", true },
	{ "pci", true },
	{ "p9", true },
	{ "vfb", true },
	{ "vkb", true },
	{ "channel", true },
	{ "dtdev", true },
	{ "iomem", true },
	{ "irqs", true },
	{ "device_tree", true },
	{ "virtio", true },
	{ "bootloader", true },
	{ "maxvcpus", true },
	{ "cpus_soft", true },
	{ "pool", true },
	{ "gic_version", true },
	{ "tee", true },
	{ "builder", false },
	{ "vuart", false },
	{ "nomigrate", false },
	{ "seclabel", false },
	{ "vnc", false },
	{ "sdl", false },
	{ "serial", false },
	{ "localtime", false },
	{ "on_watchdog", false },
	{ "on_soft_reset", false },
	{ "max_grant_frames", false },
	{ "max_maptrack_frames", false },
	{ "shadow_memory", false },
};

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Edits from one word to the other; words of up to 31 letters. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[32];

	for (unsigned int j = 0; j < ARRAY_SIZE(row); j++)
		row[j] = j;
	for (unsigned int i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int j = 1; b[j - 1]; j++) {
			unsigned int above = row[j];

			row[j] = least(least(above, row[j - 1]) + 1,
			               diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	/* static: analyzer-use-of-uninitialized-value: words are shorter than the row, all of which is set */
	return row[strlen(b)];
}

static void unknown_key(struct config *c, const struct config_entry *e)
{
	for (size_t i = 0; strlen(e->name) < 32 && i < ARRAY_SIZE(keys); i++) {
		if (distance(e->name, keys[i].name) <= 1 + (strlen(e->name) > 5)) {
			config_warning(c, e->line, e->column,
			               "unknown key \"%s\" is ignored; did you mean \"%s\"?",
			               e->name, keys[i].name);
			return;
		}
	}
	config_warning(c, e->line, e->column, "unknown key \"%s\" is ignored", e->name);
}

static bool is_empty(const struct config_value *v)
{
	return v->type == CONFIG_LIST ? v->nr_items == 0 : v->string[0] == 0;
}

static void read_entry(struct extra *x, struct config *c, const struct config_entry *e)
{
	struct reader r = { .s = &x->spec, .c = c, .e = e };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, e->name) == 0) {
			keys[i].set(&r, &keys[i], &e->value);
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(other_keys); i++) {
		if (strcmp(other_keys[i].name, e->name) == 0) {
			if (other_keys[i].missed && !is_empty(&e->value))
				config_warning(c, e->line, e->column,
				               "\"%s\" is not supported yet and is ignored",
				               e->name);
			return;
		}
	}
	unknown_key(c, e);
}

/* --- the whole --------------------------------------------------------------------------- */

static void random_uuid(uint8_t uuid[16])
{
	/* Also from a pool that isn't full yet: it has to be unique, not secret. */
	if (getrandom(uuid, 16, GRND_INSECURE) != 16) {
		srand((unsigned int)time(NULL) ^ (unsigned int)getpid() << 16);
		for (int i = 0; i < 16; i++)
			uuid[i] = (uint8_t)(rand() >> 8);
	}
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* RFC 4122: version 4 */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static void join_cmdline(struct extra *x, struct config *c)
{
	const struct config_entry *e = config_find(c, "cmdline");

	if (x->cmdline && (x->root || x->extra))
		config_warning(c, e->line, e->column,
		               "\"root\" and \"extra\" are ignored, for there is a \"cmdline\"");
	if (x->cmdline)
		x->spec.cmdline = xstrdup(x->cmdline);
	else if (x->root)
		x->spec.cmdline = xformat("root=%s%s%s", x->root, x->extra ? " " : "",
		                          x->extra ? x->extra : "");
	else if (x->extra)
		x->spec.cmdline = xstrdup(x->extra);
}

static void check_whole(struct spec *s, struct config *c)
{
	const struct config_entry *e;

	if (!s->name && !config_find(c, "name"))
		config_error(c, 0, 0, "a domain needs a name: add name = \"...\"");
	e = config_find(c, "kernel");
	if (!s->kernel && (!e || is_empty(&e->value)))
		config_error(c, 0, 0, "a domain needs a kernel: add kernel = \"FILE\"");
	e = config_find(c, "maxmem");
	if (e && s->maxmem_mib && s->maxmem_mib < s->memory_mib)
		config_error(c, e->value.line, e->value.column,
		             "\"maxmem\" is %llu, less than the memory of %llu MiB",
		             (unsigned long long)s->maxmem_mib, (unsigned long long)s->memory_mib);
	if (s->maxmem_mib < s->memory_mib)
		s->maxmem_mib = s->memory_mib;
}

bool spec_read(struct spec *s, struct config *c)
{
	static const uint8_t none[16];
	struct extra x = { .spec = {
		                   .memory_mib = 128,
		                   .vcpus = 1,
		                   .on_poweroff = ACTION_DESTROY,
		                   .on_reboot = ACTION_RESTART,
		                   .on_crash = ACTION_DESTROY,
		                   .wake_sources = DM_WAKE_ALL,
		                   .xen = 1,
		           } };

	for (size_t i = 0; i < c->nr_entries; i++)
		read_entry(&x, c, &c->entries[i]);
	join_cmdline(&x, c);
	check_whole(&x.spec, c);
	if (memcmp(x.spec.uuid, none, sizeof(none)) == 0)
		random_uuid(x.spec.uuid);
	free(x.cmdline);
	free(x.root);
	free(x.extra);
	*s = x.spec;
	return c->nr_errors == 0;
}

void spec_free(struct spec *s)
{
	free(s->name);
	free(s->kernel);
	free(s->ramdisk);
	free(s->cmdline);
	*s = (struct spec) { 0 };
}
