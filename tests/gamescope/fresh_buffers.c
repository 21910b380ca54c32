/*
 * Preloaded into gamescope: lets it see that windows change.
 *
 * gamescope keeps a texture for every buffer it has seen. That is right for a GPU's buffers; an X
 * server without one draws on in the same shared memory, and what is new there would be seen
 * seconds later or not at all. So gamescope gets a copy of such a buffer, a new one at every
 * commit.
 */
#define WLR_USE_UNSTABLE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wlr/interfaces/wlr_buffer.h>
#include <wlr/types/wlr_buffer.h>

struct copy {
	struct wlr_buffer buffer; /* first: this is what others see of it */
	uint32_t format;
	size_t stride;
	unsigned char pixels[];
};

static void copy_destroy(struct wlr_buffer *buffer)
{
	wlr_buffer_finish(buffer);
	free(buffer);
}

static bool copy_begin_access(
	struct wlr_buffer *buffer, uint32_t flags, void **data, uint32_t *format, size_t *stride)
{
	struct copy *copy = (struct copy *)buffer;

	*data = copy->pixels;
	*format = copy->format;
	*stride = copy->stride;
	return true;
}

static void copy_end_access(struct wlr_buffer *buffer)
{
}

static const struct wlr_buffer_impl copy_impl = {
	.destroy = copy_destroy,
	.begin_data_ptr_access = copy_begin_access,
	.end_data_ptr_access = copy_end_access,
};

/* NULL: it is not in shared memory, or there is no memory for it. */
static struct copy *copy_create(struct wlr_buffer *buffer)
{
	struct wlr_dmabuf_attributes of_gpu;
	struct copy *copy;
	uint32_t format;
	size_t stride, size;
	void *data;

	if (wlr_buffer_get_dmabuf(buffer, &of_gpu) ||
		!wlr_buffer_begin_data_ptr_access(
			buffer, WLR_BUFFER_DATA_PTR_ACCESS_READ, &data, &format, &stride)) {
		return NULL;
	}
	size = stride * (size_t)buffer->height;
	copy = malloc(sizeof(*copy) + size);
	if (copy != NULL) {
		*copy = (struct copy){ .format = format, .stride = stride };
		memcpy(copy->pixels, data, size);
		wlr_buffer_init(&copy->buffer, &copy_impl, buffer->width, buffer->height);
	}
	wlr_buffer_end_data_ptr_access(buffer);
	return copy;
}

/* wlroots locks buffers too, and must get its own. */
static bool is_library(const void *code)
{
	Dl_info info;

	return dladdr(code, &info) == 0 || info.dli_fname == NULL ||
	       strstr(info.dli_fname, ".so") != NULL;
}

struct wlr_buffer *wlr_buffer_lock(struct wlr_buffer *buffer)
{
	struct wlr_buffer *(*lock)(struct wlr_buffer *) = dlsym(RTLD_NEXT, "wlr_buffer_lock");
	struct copy *copy;

	if (buffer == NULL || buffer->impl == &copy_impl ||
		is_library(__builtin_return_address(0))) {
		return lock(buffer);
	}
	copy = copy_create(buffer);
	if (copy == NULL) {
		return lock(buffer);
	}
	lock(&copy->buffer);
	wlr_buffer_drop(&copy->buffer); /* so that unlocking destroys it */
	return &copy->buffer;
}
