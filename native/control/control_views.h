#pragma once

struct agent;
struct ipc_connected_hub;
struct ipc_games;
struct ipc_hubs;
struct ipc_kept_list;
struct ipc_libraries;
struct ipc_pairing;
struct ipc_settings;
struct ipc_status;
struct ipc_trash;
struct ipc_upload;
struct ipc_uploads;
struct ipc_waiting_hubs;
struct kept_list;
struct upload_status;

/*
 * The agent's state as the local IPC reports it. Each fills a zeroed struct, which borrows from the
 * agent: write it before anything changes. json_finish() with the struct's table frees its lists.
 */
void control_view_status(struct agent *agent, struct ipc_status *status);
void control_view_connected_hub(const struct agent *agent, struct ipc_connected_hub *hub);
void control_view_pairing(const struct agent *agent, struct ipc_pairing *pairing);
void control_view_waiting(const struct agent *agent, struct ipc_waiting_hubs *hubs);
void control_view_hubs(const struct agent *agent, struct ipc_hubs *hubs);
void control_view_upload(const struct upload_status *status, struct ipc_upload *upload);
void control_view_uploads(const struct agent *agent, struct ipc_uploads *uploads);
void control_view_libraries(const struct agent *agent, struct ipc_libraries *libraries);
void control_view_games(const struct agent *agent, struct ipc_games *games);
void control_view_trash(struct agent *agent, struct ipc_trash *trash);
/* list: as kept_files_list() has filled it; kept borrows from it. */
void control_view_kept(const struct kept_list *list, struct ipc_kept_list *kept);
void control_view_settings(const struct agent *agent, struct ipc_settings *settings);
