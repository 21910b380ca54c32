/*
 * A Vulkan layer that lets gamescope draw without a screen and without a GPU.
 *
 * gamescope puts its output into memory that it exports as a dma-buf. Software Vulkan has those
 * only with /dev/udmabuf, and nobody looks at these: here the memory is ordinary memory, and the
 * descriptor one that can be waited for, as gamescope does before it reads the picture.
 */
#include <string.h>
#include <sys/eventfd.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#define EXPORTED __attribute__((visibility("default")))

/* What follows in the chain; gamescope makes one instance and one device. */
static struct {
	VkInstance instance;
	PFN_vkGetInstanceProcAddr get_instance_proc_addr;
	PFN_vkGetDeviceProcAddr get_device_proc_addr;
	PFN_vkAllocateMemory allocate_memory;
	PFN_vkCreateImage create_image;
	PFN_vkGetMemoryFdKHR get_memory_fd;
} next;

static void *find(const void *chain, VkStructureType type)
{
	for (VkBaseOutStructure *at = (VkBaseOutStructure *)chain; at != NULL; at = at->pNext) {
		if (at->sType == type) {
			return at;
		}
	}
	return NULL;
}

static VkResult VKAPI_CALL allocate_memory(VkDevice device, const VkMemoryAllocateInfo *info,
	const VkAllocationCallbacks *callbacks, VkDeviceMemory *memory)
{
	VkExportMemoryAllocateInfo *export =
		find(info->pNext, VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO);

	if (export != NULL &&
		export->handleTypes == VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT) {
		export->handleTypes = 0;
	}
	return next.allocate_memory(device, info, callbacks, memory);
}

static VkResult VKAPI_CALL create_image(VkDevice device, const VkImageCreateInfo *info,
	const VkAllocationCallbacks *callbacks, VkImage *image)
{
	VkExternalMemoryImageCreateInfo *external =
		find(info->pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO);

	if (external != NULL &&
		external->handleTypes == VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT) {
		external->handleTypes = 0;
	}
	return next.create_image(device, info, callbacks, image);
}

static VkResult VKAPI_CALL get_memory_fd(
	VkDevice device, const VkMemoryGetFdInfoKHR *info, int *descriptor)
{
	if (info->handleType != VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT) {
		return next.get_memory_fd(device, info, descriptor);
	}
	*descriptor = eventfd(1, EFD_CLOEXEC);
	return *descriptor >= 0 ? VK_SUCCESS : VK_ERROR_TOO_MANY_OBJECTS;
}

static VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
	const VkAllocationCallbacks *callbacks, VkInstance *instance)
{
	VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)info->pNext;
	PFN_vkCreateInstance create;
	VkResult result;

	while ((link = find(link, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO)) != NULL &&
		link->function != VK_LAYER_LINK_INFO) {
		link = (VkLayerInstanceCreateInfo *)link->pNext;
	}
	if (link == NULL) {
		return VK_ERROR_INITIALIZATION_FAILED;
	}
	next.get_instance_proc_addr = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	create = (PFN_vkCreateInstance)next.get_instance_proc_addr(NULL, "vkCreateInstance");
	result = create(info, callbacks, instance);
	next.instance = *instance;
	return result;
}

static VkResult VKAPI_CALL create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
	const VkAllocationCallbacks *callbacks, VkDevice *device)
{
	VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)info->pNext;
	PFN_vkCreateDevice create;
	VkResult result;

	while ((link = find(link, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO)) != NULL &&
		link->function != VK_LAYER_LINK_INFO) {
		link = (VkLayerDeviceCreateInfo *)link->pNext;
	}
	if (link == NULL) {
		return VK_ERROR_INITIALIZATION_FAILED;
	}
	create = (PFN_vkCreateDevice)link->u.pLayerInfo->pfnNextGetInstanceProcAddr(
		next.instance, "vkCreateDevice");
	next.get_device_proc_addr = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	result = create(physical, info, callbacks, device);
	if (result != VK_SUCCESS) {
		return result;
	}
#define NEXT(name) (PFN_##name) next.get_device_proc_addr(*device, #name)
	next.allocate_memory = NEXT(vkAllocateMemory);
	next.create_image = NEXT(vkCreateImage);
	next.get_memory_fd = NEXT(vkGetMemoryFdKHR);
	return VK_SUCCESS;
}

EXPORTED PFN_vkVoidFunction VKAPI_CALL exported_memory_device_function(
	VkDevice device, const char *name);
EXPORTED PFN_vkVoidFunction VKAPI_CALL exported_memory_instance_function(
	VkInstance instance, const char *name);

static PFN_vkVoidFunction own_function(const char *name)
{
	static const struct {
		const char *name;
		PFN_vkVoidFunction function;
	} functions[] = {
		{ "vkAllocateMemory", (PFN_vkVoidFunction)allocate_memory },
		{ "vkCreateDevice", (PFN_vkVoidFunction)create_device },
		{ "vkCreateImage", (PFN_vkVoidFunction)create_image },
		{ "vkCreateInstance", (PFN_vkVoidFunction)create_instance },
		{ "vkGetDeviceProcAddr", (PFN_vkVoidFunction)exported_memory_device_function },
		{ "vkGetInstanceProcAddr", (PFN_vkVoidFunction)exported_memory_instance_function },
		{ "vkGetMemoryFdKHR", (PFN_vkVoidFunction)get_memory_fd },
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (strcmp(functions[i].name, name) == 0) {
			return functions[i].function;
		}
	}
	return NULL;
}

PFN_vkVoidFunction VKAPI_CALL exported_memory_device_function(VkDevice device, const char *name)
{
	PFN_vkVoidFunction own = own_function(name);

	return own != NULL ? own : next.get_device_proc_addr(device, name);
}

PFN_vkVoidFunction VKAPI_CALL exported_memory_instance_function(
	VkInstance instance, const char *name)
{
	PFN_vkVoidFunction own = own_function(name);

	if (own != NULL || next.get_instance_proc_addr == NULL) {
		return own;
	}
	return next.get_instance_proc_addr(instance, name);
}
