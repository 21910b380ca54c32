#pragma once

#include <stdbool.h>

struct upload;

/*
 * Queues a checkpoint of the upload. unload: waits for the chunks being written, and gives the
 * content up afterwards. Of a paused upload only its state is journalled.
 */
void upload_save(struct upload *upload, bool unload);
