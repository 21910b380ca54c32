#pragma once

struct ipc_steam;

/* What `capydeck ctl` prints for users, on standard output. */
void ctl_print_steam(const struct ipc_steam *steam);

/* For struct ctl_listing: result is the struct of the name ipc_…. */
void ctl_print_games(const void *result);
void ctl_print_waiting(const void *result);
void ctl_print_libraries(const void *result);
void ctl_print_hubs(const void *result);
void ctl_print_pairing(const void *result);
void ctl_print_settings(const void *result);
void ctl_print_status(const void *result);
void ctl_print_trash(const void *result);
void ctl_print_kept(const void *result);
void ctl_print_uploads(const void *result);
