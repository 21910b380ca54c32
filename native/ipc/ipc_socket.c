#include "ipc/ipc_socket.h"

#include "core/error.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool ipc_socket_address(const char *path, struct sockaddr_un *address, struct error *err)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path)) {
		return error_set(err, ERROR_INVALID,
			"the socket path '%s' is longer than %zu bytes; choose a shorter --runtime-dir",
			path, sizeof(address->sun_path) - 1);
	}
	strcpy(address->sun_path, path);
	return true;
}

int ipc_socket_connect(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int reason;

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0) {
		return fd;
	}
	reason = errno;
	close(fd);
	errno = reason;
	return -1;
}
