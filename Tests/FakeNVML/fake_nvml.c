#define _GNU_SOURCE
#include "FakeNVML.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SUCCESS = 0,
    UNINITIALIZED = 1,
    INVALID_ARGUMENT = 2,
    INSUFFICIENT_SIZE = 7,
    DRIVER_NOT_LOADED = 9,
    GPU_IS_LOST = 15,
};

struct memory { unsigned long long total, free, used; };
struct utilization { unsigned gpu, memory; };
struct process { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; };

/// Of initialisation, and of the time since: SUCCESS while all is well.
static int state = UNINITIALIZED;

/// GPUs that were seen to be lost, a bit each. They stay so until initialised anew, even if they are back.
static unsigned long long lost;

int nvmlInit_v2(void);

/// The path of a file of a GPU; of its directory if `file` is "".
static void path_of(char path[4096], unsigned gpu, const char *file) {
    Dl_info info;
    if (!dladdr((void *)nvmlInit_v2, &info)) abort();
    const char *end = strrchr(info.dli_fname, '/');
    int length = end ? (int)(end - info.dli_fname) : 0;
    snprintf(path, 4096, "%.*s/gpu%u/%s", length, info.dli_fname, gpu, file);
}

/// Reads the first line of a file. Returns whether there is one.
static int read_line(const char *path, char *line, unsigned size) {
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    int found = fgets(line, (int)size, file) != NULL;
    fclose(file);
    if (found) line[strcspn(line, "\n")] = 0;
    return found;
}

static unsigned count_gpus(void) {
    char path[4096];
    unsigned count = 0;
    while (path_of(path, count, ""), access(path, F_OK) == 0) count++;
    return count;
}

/// What every call answers if all is not well.
static int check(void) {
    if (state == SUCCESS && count_gpus() == 0) state = GPU_IS_LOST;
    return state;
}

/// A handle is the GPU's index and 1, as 0 is none.
static unsigned index_of(void *device) { return (unsigned)(uintptr_t)device - 1; }

int nvmlInit_v2(void) {
    lost = 0;
    return state = count_gpus() ? SUCCESS : DRIVER_NOT_LOADED;
}

int nvmlShutdown(void) {
    state = UNINITIALIZED;
    return SUCCESS;
}

const char *nvmlErrorString(int error) {
    switch (error) {
    case UNINITIALIZED: return "Uninitialized";
    case DRIVER_NOT_LOADED: return "Driver Not Loaded";
    case GPU_IS_LOST: return "GPU is lost";
    default: return "Unknown Error";
    }
}

int nvmlSystemGetDriverVersion(char *text, unsigned size) {
    snprintf(text, size, "999.01");
    return check();
}

int nvmlDeviceGetCount_v2(unsigned *count) {
    *count = count_gpus();
    return check();
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if (check() != SUCCESS) return state;
    if (index >= count_gpus()) return INVALID_ARGUMENT;
    *device = (void *)(uintptr_t)(index + 1);
    return SUCCESS;
}

static int get_text(void *device, const char *file, const char *otherwise, char *text, unsigned size) {
    char path[4096];
    path_of(path, index_of(device), file);
    if (!read_line(path, text, size)) snprintf(text, size, otherwise, index_of(device));
    return check();
}

int nvmlDeviceGetName(void *device, char *text, unsigned size) {
    return get_text(device, "name", "Fake GPU", text, size);
}

int nvmlDeviceGetUUID(void *device, char *text, unsigned size) {
    return get_text(device, "uuid", "GPU-fake-%u", text, size);
}

int nvmlDeviceGetUtilizationRates(void *device, struct utilization *utilization) {
    (void)device;
    *utilization = (struct utilization){.gpu = 50};
    return check();
}

/// Adds up what is used. Notes processes as far as they fit, and counts them.
static unsigned long long add_used(unsigned gpu, struct process *processes, unsigned room, unsigned *count) {
    char path[4096], file[4096], line[64];
    unsigned long long sum = 0;
    *count = 0;
    path_of(path, gpu, "used");
    DIR *directory = opendir(path);
    if (!directory) return 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        snprintf(file, sizeof file, "used/%s", entry->d_name);
        path_of(path, gpu, file);
        if (entry->d_name[0] == '.' || !read_line(path, line, sizeof line)) continue;
        unsigned long long bytes = strtoull(line, NULL, 10);
        sum += bytes;
        if (entry->d_name[strspn(entry->d_name, "0123456789")]) continue;
        if (*count < room) {
            processes[*count] = (struct process){.pid = (unsigned)strtoul(entry->d_name, NULL, 10), .used = bytes};
        }
        ++*count;
    }
    closedir(directory);
    return sum;
}

int nvmlDeviceGetMemoryInfo(void *device, struct memory *memory) {
    char path[4096], line[64];
    unsigned count;
    path_of(path, index_of(device), "total");
    if (!read_line(path, line, sizeof line)) lost |= 1ULL << index_of(device) % 64;
    if (lost >> index_of(device) % 64 & 1) return GPU_IS_LOST;
    memory->total = strtoull(line, NULL, 10);
    memory->used = add_used(index_of(device), NULL, 0, &count);
    memory->free = memory->total > memory->used ? memory->total - memory->used : 0;
    return check();
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, struct process *processes) {
    unsigned room = *count;
    add_used(index_of(device), processes, room, count);
    if (check() != SUCCESS) return state;
    return *count > room ? INSUFFICIENT_SIZE : SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v2(void *device, unsigned *count, struct process *processes) {
    return nvmlDeviceGetComputeRunningProcesses_v3(device, count, processes);
}
