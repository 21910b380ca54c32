#include "net/ipc_socket.h"

#include "core/error.h"
#include "core/strbuf.h"

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
			"the socket path '%s' is longer than %zu bytes; name a shorter --runtime-dir",
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

bool ipc_socket_take_line(struct strbuf *input, struct strbuf *line)
{
	const char *end = input->length > 0 ? memchr(input->data, '\n', input->length) : NULL;
	size_t length;

	if (end == NULL) {
		return false;
	}
	length = (size_t)(end - input->data);
	strbuf_reset(line);
	strbuf_append(line, input->data, length);
	input->length -= length + 1;
	memmove(input->data, end + 1, input->length + 1);
	return true;
}
