// SPDX-License-Identifier: Apache-2.0
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenstore.h>

#include "say.h"

#define SOCKET "/run/xenstored/socket"

/* NULL without xenstored. Never by /dev/xen/xenbus: a call there waits for one that may not come.
 */
static struct xs_handle *store(void)
{
	static struct xs_handle *handle;
	static bool tried;

	if (!tried && access(SOCKET, R_OK | W_OK) == 0)
		handle = xs_open(XS_OPEN_SOCKETONLY);
	tried = true;
	return handle;
}

static char *path_of(uint16_t domid, const char *what)
{
	return xformat("/local/domain/%u%s", domid, what);
}

char *store_name(uint16_t domid)
{
	char *path, *name;
	unsigned int size;

	if (!store())
		return NULL;
	path = path_of(domid, "/name");
	name = xs_read(store(), XBT_NULL, path, &size);
	free(path);
	return name;
}

static int put(uint16_t domid, const char *what, const char *value)
{
	char *path;
	int err;

	if (!store())
		return -EOPNOTSUPP;
	path = path_of(domid, what);
	err = xs_write(store(), XBT_NULL, path, value, (unsigned int)strlen(value)) ? 0 : -errno;
	free(path);
	return err;
}

void store_set_name(uint16_t domid, const char *name)
{
	put(domid, "/name", name);
}

void store_forget(uint16_t domid)
{
	char *path;

	if (!store())
		return;
	path = path_of(domid, "");
	xs_rm(store(), XBT_NULL, path);
	free(path);
}

int store_ask(uint16_t domid, const char *what)
{
	return put(domid, "/control/shutdown", what);
}
