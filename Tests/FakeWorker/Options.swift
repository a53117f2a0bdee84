import SpeechCore

/// The command line:
/// `--uri unix://PATH` where to listen;
/// `--slots N` jobs at once, also in `info` (1); more of them wait in line;
/// `--rate HZ` of the samples (24000);
/// `--service-ms X` what a job takes, spread over its chunks (0);
/// `--unit-us X` what each Unicode scalar of its text adds to that, in microseconds (0);
/// `--load-ms X` what loading takes (0), `--fail-load` ends the process after it;
/// `--voices NAME:LANGUAGE,…` (`fake:en`); the first is the default;
/// `--floor-bytes N` of memory are taken when it loads, or the process ends; it keeps them (0);
/// `--bytes-per-unit N` for each Unicode scalar of its text a job has N bytes more for as long as it runs (0);
/// `--leak-bytes N` more are kept after each job, if there is room (0);
/// `--gpu-directory DIR` the three are not allocated but written to `DIR/gpuN/used/PID`, if all numbers in
/// `DIR/gpuN/used/` stay within that in `DIR/gpuN/total`, and ours within that in the environment's CHORUS_MEMORY_BYTES.
/// The file goes when the process ends by SIGTERM or by its own doing; it stays when the process is killed;
/// `--device cuda:N` which of them (cpu); without `--gpu-directory` it means nothing;
/// `--no-chorus` a plain service: no `chorus` object in `info`, no reports of memory, neither cancel nor deadlines
/// are understood;
/// `--fail-template` ends the process if it is to be a template;
/// `--state-dir PATH` where the directives `{X-once:NAME}` remember.
struct Options: Sendable {
    private(set) var path = ""
    private(set) var slots = 1
    private(set) var sampleRate = 24_000
    private(set) var serviceTime = Duration.zero
    private(set) var unitTime = Duration.zero
    private(set) var loadMilliseconds = 0
    private(set) var failsToLoad = false
    private(set) var voices = [Voice(name: "fake", languages: ["en"])]
    private(set) var failsAsTemplate = false
    private(set) var floorBytes = 0
    private(set) var bytesPerUnit = 0
    private(set) var leakBytes = 0
    private(set) var gpuDirectory: String?
    private(set) var device = "cpu"
    private(set) var isPlain = false
    private(set) var stateDirectory: String?

    init(_ arguments: some Sequence<String>) {
        var rest = Array(arguments)
        func next(for flag: String) -> String {
            guard !rest.isEmpty else { die("\(flag) needs a value") }
            return rest.removeFirst()
        }
        func number(for flag: String) -> Int {
            guard let number = Int(next(for: flag)), number >= 0 else { die("\(flag) needs a number") }
            return number
        }
        while !rest.isEmpty {
            let flag = rest.removeFirst()
            switch flag {
            case "--uri": path = String(next(for: flag).trimmingPrefix("unix://"))
            case "--slots": slots = number(for: flag)
            case "--rate": sampleRate = number(for: flag)
            case "--service-ms": serviceTime = .milliseconds(number(for: flag))
            case "--unit-us": unitTime = .microseconds(number(for: flag))
            case "--load-ms": loadMilliseconds = number(for: flag)
            case "--fail-load": failsToLoad = true
            case "--fail-template": failsAsTemplate = true
            case "--voices": voices = next(for: flag).split(separator: ",").map(Self.voice)
            case "--floor-bytes": floorBytes = number(for: flag)
            case "--bytes-per-unit": bytesPerUnit = number(for: flag)
            case "--leak-bytes": leakBytes = number(for: flag)
            case "--gpu-directory": gpuDirectory = next(for: flag)
            case "--device": device = next(for: flag)
            case "--no-chorus": isPlain = true
            case "--state-dir": stateDirectory = next(for: flag)
            default: die("unknown flag \(flag)")
            }
        }
        guard !path.isEmpty, !voices.isEmpty else { die("--uri and at least one voice are needed") }
    }

    private static func voice(_ description: Substring) -> Voice {
        let parts = description.split(separator: ":", maxSplits: 1).map(String.init)
        return Voice(name: parts[0], languages: parts.count > 1 ? [parts[1]] : [])
    }
}
