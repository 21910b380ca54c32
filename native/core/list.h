#pragma once

#include <stddef.h>
#include <sys/queue.h>

/*
 * Lists are those of <sys/queue.h>: the link is a member of the element, so that nothing is
 * allocated to insert it and removing it needs no search.
 *
 *	struct upload {
 *		LIST_ENTRY(upload) link;
 *		…
 *	};
 *	struct upload_store {
 *		LIST_HEAD(, upload) uploads; // by link
 *		…
 *	};
 *	LIST_INSERT_HEAD(&store->uploads, upload, link);
 *
 * LIST where order does not matter, TAILQ where elements are added at the end (queues). A LIST_HEAD
 * of zeroes is empty; a TAILQ_HEAD needs TAILQ_INIT. The member is called link; an element of two
 * lists says which (waiting_link). What is filled once and then only walked is an array instead.
 */

/* Loops in which the element may be removed and freed; next is a variable for the loop's own use.
 */
#define LIST_FOREACH_SAFE(element, head, link, next)                                               \
	for ((element) = LIST_FIRST(head);                                                         \
		(element) != NULL && ((next) = LIST_NEXT(element, link), 1); (element) = (next))
#define TAILQ_FOREACH_SAFE(element, head, link, next)                                              \
	for ((element) = TAILQ_FIRST(head);                                                        \
		(element) != NULL && ((next) = TAILQ_NEXT(element, link), 1); (element) = (next))

/*
 * The struct that a pointer's target is a member of:
 *
 *	struct deletion *deletion = CONTAINER_OF(job, struct deletion, job);
 */
#define CONTAINER_OF(pointer, type, member)                                                        \
	({                                                                                         \
		__typeof__(&((type *)0)->member) member_ = (pointer);                              \
		(type *)(void *)((char *)member_ - offsetof(type, member));                        \
	})
