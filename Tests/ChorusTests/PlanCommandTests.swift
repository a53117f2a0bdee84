import ArgumentParser
import Devices
import Testing

@testable import chorus

@Suite("The flags of plan")
struct PlanCommandTests {
    private static let gibibyte = 1 << 30

    /// What is said of arguments that are refused; `nil` if they are not.
    private func message(_ arguments: [String]) -> String? {
        do {
            _ = try PlanCommand.parse(arguments)
            return nil
        } catch {
            return PlanCommand.message(for: error)
        }
    }

    @Test("plan is reached by its name, and its help fits a terminal")
    func hasHelp() throws {
        #expect(try ChorusCommand.parseAsRoot(["plan", "--json"]) is PlanCommand)
        let help = PlanCommand.helpMessage(columns: 80)
        for line in PlanCommand.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
            #expect(help.contains(line), "an example is broken into lines: \(line)")
        }
    }

    @Test("without flags nothing is given")
    func givesNothing() throws {
        #expect(try PlanCommand.parse([]).given == PlanGiven())
    }

    @Test("what the flags say is given")
    func readsFlags() throws {
        let command = try PlanCommand.parse([
            "--gpu", "24GiB×4", "--gpu", "80GiBx2", "--instance", "1.5GiB", "--added", "512MiB", "--peak", "0.3GB",
            "--rtf", "0.25", "--audio", "8s", "--max-running", "3", "--reserve", "1GiB",
        ])
        #expect(
            command.gpu == [.init(count: 4, bytes: 24 * Self.gibibyte), .init(count: 2, bytes: 80 * Self.gibibyte)]
        )
        let given = command.given
        #expect(given.instanceBytes == Self.gibibyte * 3 / 2)
        #expect(given.addedBytes == Self.gibibyte / 2)
        #expect(given.peakBytes == 300_000_000)
        #expect((given.rtf, given.audioSeconds, given.maxRunning) == (0.25, 8, 3))
        #expect(given.reserveBytes == Self.gibibyte)
        #expect(try PlanCommand.parse(["--host", "32GiB", "--cores", "8"]).given.hasCores)
    }

    @Test("GPUs are numbered through, and a single one needs no number")
    func numbersGPUs() throws {
        let command = try PlanCommand.parse(["--gpu", "24GiB×2", "--gpu", "8GiB"])
        let devices = PlanDevice.given(gpus: command.gpu, hostBytes: nil)
        #expect(devices.map(\.name) == ["cuda:0", "cuda:1", "cuda:2"])
        #expect(devices.map(\.totalBytes) == [24, 24, 8].map { $0 * Self.gibibyte })
    }

    @Test(
        "GPUs without a unit, a number or sense are refused, and it is said how they are written",
        arguments: [
            "24×4", "24GiB×", "×4", "24GiB×0", "24GiB×65", "24GiB×4×2", "1MiB×2", "99999GiB", "-1GiB", "many",
        ]
    )
    func refusesGPUs(text: String) {
        #expect(message(["--gpu=\(text)"])?.contains("such as 24GiB×4 or 24GiBx4") == true)
    }

    @Test("sizes need a unit", arguments: ["--instance", "--peak", "--added", "--reserve", "--host"])
    func refusesSizes(flag: String) {
        for text in ["2", "1.9", "1,9GiB", "2GiG", "1.2.3GiB", "20000GiB"] {
            #expect(
                message([flag, text])?.contains("with its unit, such as 24GiB, 1.9GiB or 600MiB") == true,
                "\(text)"
            )
        }
    }

    @Test("flags that make no sense, alone or together, are refused")
    func refusesNonsense() {
        #expect(
            message(["--gpu", "24GiB", "--host", "32GiB"])?.hasPrefix("--gpu and --host exclude each other") == true
        )
        #expect(
            message(["--gpu", "24GiB", "--cores", "2"])?.hasPrefix("--cores counts for instances on the CPU") == true
        )
        #expect(message(["--gpu", "24GiB×60", "--gpu", "8GiB×5"]) == "65 GPUs are too many; 64 is the most.")
        #expect(message(["--rtf", "0"]) == "--rtf must be a number from 0.0001 to 1000.")
        #expect(message(["--rtf", "nan"]) == "--rtf must be a number from 0.0001 to 1000.")
        #expect(message(["--max-running", "0"]) == "--max-running must be a whole number from 1 to 256.")
        #expect(message(["--cores", "0"]) == "--cores must be a whole number from 1 to 4096.")
        #expect(message(["--instance", "1GiB", "--added", "2GiB"])?.contains("not more than --instance") == true)
        #expect(message(["--audio", "6"])?.contains("such as 500ms, 60s or 5m") == true)
    }

    @Test("this machine's devices are as they are read, the host within its limit")
    func seesDevices() {
        let readings = [
            DeviceReading(device: "cpu", model: "Abacus", totalBytes: 32 * Self.gibibyte, usedBytes: 8 * Self.gibibyte),
            DeviceReading(device: "cuda:0", model: "Lens", totalBytes: 24 * Self.gibibyte, usedBytes: Self.gibibyte),
        ]
        let free = PlanDevice.seen(readings, hostLimitBytes: nil)
        #expect(free.map(\.totalBytes) == [32, 24].map { $0 * Self.gibibyte })
        #expect(free.map(\.usedBytes) == [8, 1].map { $0 * Self.gibibyte })
        let limited = PlanDevice.seen(readings, hostLimitBytes: 16 * Self.gibibyte)
        #expect((limited[0].totalBytes, limited[0].usedBytes) == (16 * Self.gibibyte, 0))
        #expect(limited[1] == free[1])
        let given = PlanDevice.given(gpus: [.init(count: 1, bytes: 80 * Self.gibibyte)], hostBytes: nil)[0]
        #expect(given.modelled(on: free).model == "Lens")
        #expect(given.modelled(on: [free[0]]).model == nil)
    }

    @Test(
        "numbers are written with the decimals that they are to have",
        arguments: [
            (0, 2, "0.00"), (1.005, 1, "1.0"), (0.06, 1, "0.1"), (12.345, 2, "12.35"), (9.96, 1, "10.0"), (7, 0, "7"),
        ]
    )
    func writesNumbers(value: Double, places: Int, text: String) {
        #expect(PlanText.fixed(value, places) == text)
    }

    @Test("sizes are in MiB below 1 GiB, and two that differ never look the same")
    func writesSizes() {
        #expect(PlanText.size(1_023 << 20) == "1023 MiB")
        #expect(PlanText.size(Self.gibibyte * 3 / 2) == "1.5 GiB")
        #expect(PlanText.apart(Self.gibibyte * 2 + (10 << 20), Self.gibibyte * 2) == ("2058.0 MiB", "2048.0 MiB"))
        #expect(PlanText.percent(0.004) == "< 1 %")
        #expect(PlanText.percent(0) == "0 %")
    }
}
