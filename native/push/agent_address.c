#include "push/agent_address.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/xalloc.h"
#include "proto/proto_constants.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static bool is_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool is_ipv6(const char *text)
{
	AUTO(free_ptr) char *address = xstrdup(text);
	struct in6_addr binary;

	address[strcspn(address, "%")] = '\0'; /* fe80::1%eth0 */
	return inet_pton(AF_INET6, address, &binary) == 1;
}

/* A name with a blank, or with neither a dot nor a port, is an Agent's name. */
static bool is_host_name(const char *text)
{
	return strpbrk(text, " \t") == NULL &&
	       (strchr(text, '.') != NULL || strcmp(text, "localhost") == 0);
}

static bool read_port(const char *text, uint16_t *port, struct error *err)
{
	unsigned long value = is_digits(text) && strlen(text) <= 5 ? strtoul(text, NULL, 10) : 0;

	if (value < 1 || value > UINT16_MAX) {
		return error_set(err, ERROR_INVALID,
			"'%s' is not a valid port; give one from 1 to 65535", text);
	}
	*port = (uint16_t)value;
	return true;
}

static bool parse_bracketed(struct agent_address *address, const char *text, struct error *err)
{
	const char *end = strchr(text, ']');
	AUTO(free_ptr)
	char *host = end != NULL ? strndup(text + 1, (size_t)(end - text - 1)) : NULL;
	uint16_t port = PROTO_DEFAULT_PORT;

	if (host == NULL || !is_ipv6(host) || (end[1] != '\0' && end[1] != ':')) {
		return error_set(err, ERROR_INVALID,
			"'%s' is not a valid address; write IPv6 as [::1] or [::1]:9999", text);
	}
	if (end[1] == ':' && !read_port(end + 2, &port, err)) {
		return false;
	}
	*address = (struct agent_address){ .host = TAKE_PTR(host), .port = port };
	return true;
}

bool agent_address_parse(
	struct agent_address *address, const char *text, bool *is_address, struct error *err)
{
	const char *colon = strrchr(text, ':');
	uint16_t port = PROTO_DEFAULT_PORT;

	*is_address = true;
	if (text[0] == '[') {
		return parse_bracketed(address, text, err);
	}
	if (is_ipv6(text)) {
		*address = (struct agent_address){ .host = xstrdup(text), .port = port };
		return true;
	}
	if (colon != NULL && colon != text && is_digits(colon + 1)) {
		if (!read_port(colon + 1, &port, err)) {
			return false;
		}
		*address = (struct agent_address){
			.host = strndup(text, (size_t)(colon - text)),
			.port = port,
		};
		return true;
	}
	*is_address = is_host_name(text);
	if (*is_address) {
		*address = (struct agent_address){ .host = xstrdup(text), .port = port };
	}
	return true;
}

void agent_address_finish(struct agent_address *address)
{
	free(address->host);
	*address = (struct agent_address){ 0 };
}
