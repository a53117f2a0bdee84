#include "CNVML.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(sizeof(struct chorus_nvml_memory) == 24, "as in NVML's ABI");
_Static_assert(sizeof(struct chorus_nvml_utilization) == 8, "as in NVML's ABI");
_Static_assert(sizeof(struct chorus_nvml_process) == 24, "as in NVML's ABI");

/// Finds a function, and keeps the first name that was not found in `missing`.
static void *find(void *library, const char *name, const char **missing) {
    void *function = dlsym(library, name);
    if (!function && !*missing) *missing = name;
    return function;
}

struct chorus_nvml *chorus_nvml_open(const char *name, char *reason, size_t size) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *error = dlerror();
        snprintf(reason, size, "%s", error ? error : name);
        return NULL;
    }
    struct chorus_nvml *nvml = calloc(1, sizeof *nvml);
    if (!nvml) abort();
    const char *missing = NULL;
    nvml->library = library;
    nvml->init = find(library, "nvmlInit_v2", &missing);
    nvml->shutdown = find(library, "nvmlShutdown", &missing);
    nvml->device_count = find(library, "nvmlDeviceGetCount_v2", &missing);
    nvml->device_by_index = find(library, "nvmlDeviceGetHandleByIndex_v2", &missing);
    nvml->device_name = find(library, "nvmlDeviceGetName", &missing);
    nvml->device_uuid = find(library, "nvmlDeviceGetUUID", &missing);
    nvml->device_memory = find(library, "nvmlDeviceGetMemoryInfo", &missing);
    if (missing) {
        snprintf(reason, size, "%s: it lacks %s", name, missing);
        chorus_nvml_close(nvml);
        return NULL;
    }
    nvml->device_utilization = dlsym(library, "nvmlDeviceGetUtilizationRates");
    // Version 3 is not preferred: drivers 535.43 to 535.86 wrote larger entries by that name, and others smaller ones.
    nvml->device_processes = dlsym(library, "nvmlDeviceGetComputeRunningProcesses_v2");
    if (!nvml->device_processes) {
        nvml->device_processes = dlsym(library, "nvmlDeviceGetComputeRunningProcesses_v3");
    }
    nvml->driver_version = dlsym(library, "nvmlSystemGetDriverVersion");
    nvml->error_string = dlsym(library, "nvmlErrorString");
    return nvml;
}

void chorus_nvml_close(struct chorus_nvml *nvml) {
    dlclose(nvml->library);
    free(nvml);
}
