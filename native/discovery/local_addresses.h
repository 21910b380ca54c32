#pragma once

struct strvec;

/*
 * Appends this machine's addresses that others can reach, numeric, IPv4 first: no loopback, no
 * link-local IPv6. None without a network.
 */
void local_addresses(struct strvec *addresses);
