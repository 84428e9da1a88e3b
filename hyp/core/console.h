/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical console, shared by Dormouse and the domains. Output: while only one domain speaks
 * its bytes pass as they are; as soon as several do, each line is marked "(name) ". Dormouse's own
 * lines are always marked "(dormouse) " and never split a domain's line (a newline is put first). A domain
 * that Dom0 made is seen only while it has the focus: Dom0's tool shows its console.
 * Input goes to the focus: a domain, or Dormouse's own key commands; Ctrl-A three times moves it
 * on.
 *
 * Locks: console_lock (inside log lock). Nothing waits unbounded.
 */
#ifndef DM_CORE_CONSOLE_H
#define DM_CORE_CONSOLE_H

#include "dev/uart/uart.h"
#include "lib/types.h"

struct domain;

/*
 * Output, from here on: prints what the log's ring has already and becomes the log's sink. 0 or the
 * port's error.
 */
int console_init(const struct uart_ops *uart, paddr_t base);
/*
 * Input by the port's interrupt, once the interrupt controller is up. 0, irq_request()'s, or
 * -ENODEV (no port or, with intid 0, no interrupt).
 */
int console_start_input(uint32_t intid);

/* A character from a domain's virtual UART. */
void console_domain_put(struct domain *d, char c);

/*
 * Where a domain's input goes: virt/vuart's function. False: its FIFO is full (the character is
 * dropped).
 */
typedef bool console_input_fn(struct domain *d, char c);
void console_set_input(console_input_fn *fn);
/* First domain that gets input; called as domains start. */
void console_focus(struct domain *d);
/* d is being destroyed: nobody types to it any more. */
void console_forget(struct domain *d);
/* d has been made anew: it gets input if it had when it was forgotten. */
void console_come_back(struct domain *d);
/* Who gets input now; NULL: Dormouse itself. */
struct domain *console_focused(void);

/* A key command of Dormouse's own console. */
struct console_key {
	char key;
	const char *help;
	void (*fn)(void);
};
/* As if it had been typed to Dormouse. Any CPU. */
void console_press(char c);
/* Handed down by main.c; 'h' is built in and lists them. */
void console_set_keys(const struct console_key *keys, unsigned int count);

/*
 * Rows of the suspend table. After console_suspend() lines go to the log ring only, until
 * console_resume().
 */
int console_suspend(void);
int console_resume(void);
/* Panic: polled output, lock ignored. */
void console_emergency(void);

#endif
