import Devices
import Glibc
import Testing

@Suite("A process's memory")
struct ProcessMemoryTests {
    private let machine: FakeMachine

    init() throws { machine = try FakeMachine() }

    @Test("what it allocates, and gives back, is seen")
    func allocation() throws {
        let (monitor, pid) = (DeviceMonitor(environment: [:]), getpid())
        // Much, so that what other tests allocate and free meanwhile does not hide it.
        let size = 256 << 20
        let before = try #require(monitor.memory(ofProcess: pid))
        let bytes = try #require(mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        memset(bytes, 1, size)
        let during = try #require(monitor.memory(ofProcess: pid))
        munmap(bytes, size)
        let after = try #require(monitor.memory(ofProcess: pid))
        for figure in [\ProcessMemory.privateBytes, \.proportionalBytes, \.residentBytes] {
            #expect(during[keyPath: figure] - before[keyPath: figure] > size / 2)
            #expect(during[keyPath: figure] - after[keyPath: figure] > size / 2)
        }
        #expect(during.privateBytes >= size)
        #expect(during.privateBytes <= during.proportionalBytes)
        #expect(during.proportionalBytes <= during.residentBytes)
        #expect(after.peakResidentBytes - after.residentBytes > size / 2)

        try #require(monitor.resetPeak(ofProcess: pid))
        let reset = try #require(monitor.memory(ofProcess: pid))
        #expect(after.peakResidentBytes - reset.peakResidentBytes > size / 2)
    }

    @Test("a process that has gone has none")
    func gone() {
        let monitor = machine.monitor()
        #expect(monitor.memory(ofProcess: 77) == nil)
        #expect(!monitor.resetPeak(ofProcess: 77))
    }

    @Test("a process that has ended and was not reaped has none")
    func ended() throws {
        try machine.write("Name:\tworker\nState:\tZ (zombie)\nThreads:\t1\n", to: "/proc/77/status")
        #expect(machine.monitor().memory(ofProcess: 77) == nil)
    }

    @Test("what is resident stands in where the kernel tells no more")
    func oldKernel() throws {
        try machine.write("Name:\tworker\nVmHWM:\t    300 kB\nVmRSS:\t    200 kB\n", to: "/proc/77/status")
        let (resident, peak) = (200 << 10, 300 << 10)
        #expect(
            machine.monitor().memory(ofProcess: 77)
                == ProcessMemory(
                    residentBytes: resident,
                    proportionalBytes: resident,
                    privateBytes: resident,
                    dirtyBytes: resident,
                    peakResidentBytes: peak
                )
        )
        try machine.write(
            "5570-7ffc ---p 00000000 00:00 0    [rollup]\nRss:   210 kB\nPss:   150 kB\nPss_Dirty: 9 kB\n"
                + "Private_Clean:  40 kB\nPrivate_Dirty:  60 kB\n",
            to: "/proc/77/smaps_rollup"
        )
        #expect(
            machine.monitor().memory(ofProcess: 77)
                == ProcessMemory(
                    residentBytes: 210 << 10,
                    proportionalBytes: 150 << 10,
                    privateBytes: 100 << 10,
                    dirtyBytes: 60 << 10,
                    peakResidentBytes: peak
                )
        )
    }

    @Test("the peak is reset by the kernel's number for that")
    func reset() throws {
        try machine.write("", to: "/proc/77/clear_refs")
        #expect(machine.monitor().resetPeak(ofProcess: 77))
        #expect(try machine.text(of: "/proc/77/clear_refs") == "5")
    }
}
