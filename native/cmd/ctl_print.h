#pragma once

struct ipc_games;
struct ipc_hubs;
struct ipc_pairing;
struct ipc_settings;
struct ipc_status;
struct ipc_steam;
struct ipc_trash;
struct ipc_uploads;

/* What `capydeck ctl` prints for people, on standard output. */
void ctl_print_status(const struct ipc_status *status);
void ctl_print_pairing(const struct ipc_pairing *pairing);
void ctl_print_hubs(const struct ipc_hubs *hubs);
void ctl_print_uploads(const struct ipc_uploads *uploads);
void ctl_print_games(const struct ipc_games *games);
void ctl_print_settings(const struct ipc_settings *settings);
void ctl_print_steam(const struct ipc_steam *steam);
void ctl_print_trash(const struct ipc_trash *trash);
