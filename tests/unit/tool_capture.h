/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the tool's verbs in the test's own process, and keeps what they print. */
#ifndef UNIT_TOOL_CAPTURE_H
#define UNIT_TOOL_CAPTURE_H

extern char *out_text, *err_text; /* of the last run */

/* "dormouse WORDS": words are separated by single blanks. The exit status. */
int run_tool(const char *words);
/* As that name. */
int run_tool_as(const char *name, const char *words);
/* So that nothing leaks at the end of a test. */
void capture_free(void);

/* Reads JSON from s to its end; fails the test where it isn't. */
void assert_json(const char *s);

#endif
