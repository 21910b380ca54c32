#pragma once

#include <stdbool.h>

struct upload;

/*
 * Queues a checkpoint of the upload. unload: waits for the chunks being written, and afterwards
 * gives up the content of an upload that is paused then. Without content only the upload's state
 * is journalled.
 */
void upload_save(struct upload *upload, bool unload);
