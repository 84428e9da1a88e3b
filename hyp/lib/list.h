/* SPDX-License-Identifier: Apache-2.0 */
/* Circular doubly linked list with an embedded node. No locking of its own. */
#ifndef DM_LIB_LIST_H
#define DM_LIB_LIST_H

#include "lib/types.h"

struct list {
	struct list *next;
	struct list *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Inserts n before pos; with pos the head, that is at the tail. */
static inline void list_insert_before(struct list *pos, struct list *n)
{
	n->prev = pos->prev;
	n->next = pos;
	pos->prev->next = n;
	pos->prev = n;
}

/* Unlinks n and leaves it empty, so that removing it again does nothing. */
static inline void list_remove(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(node, type, member) container_of(node, type, member)

/*
 * The node inside an entry; also right for the "entry" around the head that a loop ends with, which is no object
 * of that type, so that it may not be looked into.
 */
#define list_node(it, member) \
	((struct list *)(void *)((char *)(it) + offsetof(__typeof__(*(it)), member)))

/* static: bugprone-macro-parentheses: it and tmp are variables, member is a name */
/* After a full run `it` is the head's pseudo-entry: list_node(it, member) == head. */
#define list_for_each(it, head, member)                                                        \
	for (it = list_entry((head)->next, __typeof__(*it), member);                           \
	     list_node(it, member) != (head);                                                  \
	     it = list_entry(it->member.next, __typeof__(*it), member))

/* static: bugprone-macro-parentheses: it and tmp are variables, member is a name */
/* As list_for_each; `it` may be removed in the body. */
#define list_for_each_safe(it, tmp, head, member)                                              \
	for (it = list_entry((head)->next, __typeof__(*it), member),                           \
	    tmp = list_entry(list_node(it, member)->next, __typeof__(*it), member);            \
	     list_node(it, member) != (head);                                                  \
	     it = tmp, tmp = list_entry(list_node(it, member)->next, __typeof__(*it), member))

#endif
