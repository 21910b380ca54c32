#pragma once

#include <stdatomic.h>
#include <stdint.h>

/*
 * What the driver tells the injector and hears from it: a file of this layout, mapped by both. The
 * driver's side is control.py. Fields up to calls are read only while armed.
 */

/* The order is control.py's. */
enum call_class {
	CALL_OPEN,
	CALL_READ,
	CALL_WRITE,
	CALL_SYNC,
	CALL_RENAME,
	CALL_MKDIR,
	CALL_UNLINK,
	CALL_TRUNCATE,
	CALL_STAT,
	CALL_MODE,
	CALL_CLOSE,
	CALL_EPOLL,
	CALL_SOCKET,
	CALL_MALLOC,
	CALL_CLASSES,
};

/* In place of an errno. */
#define FAULT_SHORT 0 /* half of what was asked for is read or written */
#define FAULT_KILL -1 /* the program ends, as by kill -9, before the call */

struct control {
	_Atomic uint32_t armed; /* 0: calls are neither counted nor failed */
	int32_t call;		/* enum call_class whose calls fail; -1: none does */
	int32_t nth;		/* from 1: the call that fails */
	int32_t failures;	/* how many fail from there on; 0: all */
	int32_t error;		/* an errno, or one of the above */
	_Atomic uint32_t fired; /* how many have failed */
	_Atomic uint32_t calls[CALL_CLASSES];
	char scope[256]; /* calls about files count only below this folder */
	char what[256];	 /* the first call that failed: function and file */
};
