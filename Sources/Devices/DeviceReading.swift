/// How full a device is at one moment, whoever fills it.
package struct DeviceReading: Sendable, Equatable {
    /// What workers call it: `cpu`, `cuda:0`.
    package var device: String
    /// What it is sold as, such as `NVIDIA GeForce RTX 4090`; of the host, its CPU.
    package var model: String
    /// Tells GPUs of one model apart, also after they were numbered anew. `nil` for the host.
    package var uuid: String?
    /// Memory that there is, in bytes; of the host, what the machine or the tightest of our control groups holds.
    package var totalBytes: Int
    /// Memory that cannot be had any more, our own use included: `totalBytes - usedBytes` is what is left.
    package var usedBytes: Int
    /// How busy a GPU is, 0 to 1; `nil` if it does not tell.
    package var utilization: Double?
    /// How much of the last ten seconds some process of the host waited for memory, 0 to 1 (the kernel's PSI); `nil`
    /// for GPUs and kernels that do not tell.
    package var pressure: Double?
    /// What each process has of a GPU, in bytes, by pid as the host counts them, which in a container are not the pids
    /// seen there. Empty for the host, and where the driver does not tell.
    package var processBytes: [Int32: Int]

    package init(
        device: String,
        model: String,
        uuid: String? = nil,
        totalBytes: Int,
        usedBytes: Int,
        utilization: Double? = nil,
        pressure: Double? = nil,
        processBytes: [Int32: Int] = [:]
    ) {
        self.device = device
        self.model = model
        self.uuid = uuid
        self.totalBytes = totalBytes
        self.usedBytes = usedBytes
        self.utilization = utilization
        self.pressure = pressure
        self.processBytes = processBytes
    }
}

extension DeviceReading {
    /// The same device, as if it had so many bytes at most for processes of ours that hold so many of them already.
    /// What others use counts only where it leaves less than that.
    package func limited(to limitBytes: Int, heldBytes: Int) -> DeviceReading {
        var reading = self
        reading.totalBytes = min(limitBytes, totalBytes)
        reading.usedBytes = reading.totalBytes - min(limitBytes - heldBytes, totalBytes - usedBytes)
        return reading
    }
}
