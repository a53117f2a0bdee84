import CNVML

/// Why NVML did not answer.
struct NVMLError: Error {
    /// What happened, in NVML's words or the system's.
    var message: String
    /// Whether there is no driver, and so no GPU that works.
    var saysThereIsNone = false
    /// Whether to open NVML anew may help.
    var mayPass = true
}

extension NVMLError {
    /// What an answer means.
    /// - Returns: `nil` if it is that all went well.
    init?(_ code: CInt, from api: chorus_nvml) {
        if code == CHORUS_NVML_SUCCESS { return nil }
        message = api.error_string?(code).map { String(cString: $0) } ?? "error \(code)"
        saysThereIsNone = code == CHORUS_NVML_DRIVER_NOT_LOADED
        mayPass = code != CHORUS_NVML_NOT_SUPPORTED && code != CHORUS_NVML_NO_PERMISSION
    }
}
