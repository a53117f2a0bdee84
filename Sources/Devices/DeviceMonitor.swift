import Synchronization

/// Sees how full the devices of this machine are, and how much memory a process has. Changes nothing on them.
///
/// Its calls block for as long as the kernel and the driver take to answer, milliseconds as a rule, so make them from a
/// thread that may wait. They may come from several threads.
package final class DeviceMonitor: Sendable {
    private let files: KernelFiles
    private let host: Host
    private let amd: AMDGPUs
    private let state: Mutex<State>

    private struct State {
        var nvidia: NVIDIAGPUs
        var notes: [String] = []
    }

    /// - Parameters:
    ///   - root: where the machine's `/proc` and `/sys` are.
    ///   - nvmlLibrary: the name or path of NVIDIA's management library, which need not be there.
    ///   - environment: this process's variables, which may choose and order GPUs for it and for the workers it starts.
    package init(
        root: String = "/",
        nvmlLibrary: String = "libnvidia-ml.so.1",
        environment: [String: String]
    ) {
        files = KernelFiles(root: root)
        host = Host(in: files)
        amd = AMDGPUs(in: files, environment: environment)
        let visible = environment["CUDA_VISIBLE_DEVICES"]
        state = Mutex(State(nvidia: NVIDIAGPUs(library: nvmlLibrary, visibleDevices: visible)))
    }

    /// Looks at all devices: the host first, then the GPUs as `cuda:0`, `cuda:1` and so on.
    ///
    /// A device that cannot be read now is left out, and the notes say why; the others keep their names. AMD's GPUs are
    /// only looked for where there are none of NVIDIA's.
    package func read() -> [DeviceReading] {
        let host = host.read()
        return state.withLock { state in
            let nvidia = state.nvidia.read()
            let amd = state.nvidia.exist ? DeviceFindings() : amd.read()
            state.notes = host.notes + nvidia.notes + amd.notes
            return host.readings + nvidia.readings + amd.readings
        }
    }

    /// What the latest `read()` has to say besides, for people: drivers and their versions, limits, what failed and
    /// what to do about it. Empty before the first.
    package var notes: [String] { state.withLock(\.notes) }

    /// How much of the host's memory a process has.
    ///
    /// Takes some 10 ms for each GiB that it has, in which it cannot map more, as the kernel walks its pages.
    /// - Returns: `nil` when the process has gone.
    package func memory(ofProcess pid: Int32) -> ProcessMemory? {
        ProcessMemory(of: pid, in: files)
    }

    /// How much of a process is in memory. Quick, however much that is.
    /// - Returns: `nil` when the process has gone.
    package func residency(ofProcess pid: Int32) -> Residency? {
        Residency(of: pid, in: files)
    }

    /// Lets the peak of a process begin anew at what it has now.
    /// - Returns: whether the kernel did; it may not allow it.
    @discardableResult
    package func resetPeak(ofProcess pid: Int32) -> Bool {
        files.write("5", to: "/proc/\(pid)/clear_refs")
    }
}
