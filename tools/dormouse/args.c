// SPDX-License-Identifier: Apache-2.0
#include "args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

const struct verb *verb_find(const char *name)
{
	static const struct {
		const char *other, *name;
	} aliases[] = {
		{ "ls", "list" },
		{ "sched-credit", "sched" },
		{ "sched-credit2", "sched" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (strcmp(aliases[i].other, name) == 0)
			name = aliases[i].name;
	}
	for (const struct verb *v = verbs; v->name; v++) {
		if (strcmp(v->name, name) == 0)
			return v;
	}
	return NULL;
}

static void option_help(FILE *out, const struct opt *o)
{
	bool both = o->name && !OPT_LONG_ONLY(o->letter);
	char *left, letter[] = { '-', o->letter, 0 };

	left = xformat("%s%s%s%s%s%s", OPT_LONG_ONLY(o->letter) ? "    " : letter, both ? ", " : "",
	               o->name ? "--" : "", o->name ? o->name : "",
	               !o->arg   ? ""
	               : o->name ? "="
	                         : " ",
	               o->arg ? o->arg : "");
	fprintf(out, "  %-24s %s\n", left, o->help);
	free(left);
}

void verb_help(const struct verb *v, bool to_stderr)
{
	static const struct opt help = { 'h', "help", NULL, "print this" };
	FILE *out = to_stderr ? stderr : stdout;

	fprintf(out, "Usage: %s [-v] %s [options]%s%s\n\n%s.\n", program_name, v->name,
	        *v->words ? " " : "", v->words, v->summary);
	if (v->more)
		fprintf(out, "%s", v->more);
	fprintf(out, "\nOptions:\n");
	for (const struct opt *o = v->opts; o && o->letter; o++)
		option_help(out, o);
	option_help(out, &help);
}

static int usage(const struct verb *v)
{
	fputc('\n', stderr);
	verb_help(v, true);
	return STATUS_USAGE;
}

/* --- options ----------------------------------------------------------------------------- */

struct walk {
	const struct verb *v;
	int argc, at;
	char **argv;
	struct args *out;
};

static const struct opt *by_letter(const struct verb *v, char letter)
{
	for (const struct opt *o = v->opts; o && o->letter; o++) {
		if (o->letter == letter && !OPT_LONG_ONLY(letter))
			return o;
	}
	return NULL;
}

/* The one with that name, or the only one that begins so. */
static const struct opt *by_name(const struct verb *v, const char *name, size_t n)
{
	const struct opt *found = NULL;

	for (const struct opt *o = v->opts; o && o->letter; o++) {
		if (!o->name || strncmp(o->name, name, n) != 0)
			continue;
		if (o->name[n] == 0)
			return o;
		if (found)
			return NULL;
		found = o;
	}
	return found;
}

static int take(struct walk *w, const struct opt *o, const char *shown, const char *arg)
{
	if (o->arg && !arg) {
		if (w->at + 1 >= w->argc) {
			say_error("option %s needs an argument: %s", shown, o->arg);
			return usage(w->v);
		}
		arg = w->argv[++w->at];
	} else if (!o->arg && arg) {
		say_error("option %s takes no argument", shown);
		return usage(w->v);
	}
	w->out->opt[(unsigned char)o->letter] = arg ? arg : "";
	return STATUS_OK;
}

static int unknown(struct walk *w, const char *shown)
{
	say_error("%s has no option %s", w->v->name, shown);
	return usage(w->v);
}

static int long_option(struct walk *w, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	const struct opt *o = by_name(w->v, word + 2, n - 2);

	if (o)
		return take(w, o, word, equals ? equals + 1 : NULL);
	if (strcmp(word, "--help") != 0)
		return unknown(w, word);
	w->out->opt['h'] = "";
	return STATUS_OK;
}

/* "-pc", "-fFILE", "-f FILE" */
static int short_options(struct walk *w, const char *word)
{
	for (const char *c = word + 1; *c; c++) {
		const char shown[] = { '-', *c, 0 };
		const struct opt *o = by_letter(w->v, *c);

		if (!o && *c == 'h') {
			w->out->opt['h'] = "";
			continue;
		}
		if (!o)
			return unknown(w, shown);
		if (o->arg)
			return take(w, o, shown, c[1] ? c + 1 : NULL);
		w->out->opt[(unsigned char)*c] = "";
	}
	return STATUS_OK;
}

int args_parse(const struct verb *v, int argc, char **argv, struct args *out)
{
	struct walk w = { .v = v, .argc = argc, .argv = argv, .out = out };
	bool options = true;
	int err = STATUS_OK;

	*out = (struct args) { .words = argv };
	for (; w.at < argc && !err; w.at++) {
		char *word = argv[w.at];

		if (options && strcmp(word, "--") == 0)
			options = false;
		else if (options && strncmp(word, "--", 2) == 0)
			err = long_option(&w, word);
		else if (options && word[0] == '-' && word[1])
			err = short_options(&w, word);
		else
			argv[out->nr_words++] = word;
	}
	if (err || out->opt['h'])
		return err;
	if (out->nr_words < v->min_words) {
		say_error("%s needs at least %d argument%s", v->name, v->min_words,
		          v->min_words == 1 ? "" : "s");
		return usage(v);
	}
	if (v->max_words >= 0 && out->nr_words > v->max_words) {
		say_error("%s takes no more than %d argument%s: what is \"%s\"?", v->name,
		          v->max_words, v->max_words == 1 ? "" : "s", argv[v->max_words]);
		return usage(v);
	}
	return STATUS_OK;
}
