// swift-tools-version:6.2
import PackageDescription

// Fuzzers of everything that parses bytes from outside and of what makes bytes for others, by libFuzzer. `run.sh`
// builds and runs them.
//
// The code under test is linked from ../Sources, so that it is instrumented and its `package` declarations are visible.
// Of targets that bring much along, only the files that are needed are linked.
// A fuzzer is an executable product `fuzz-NAME` whose seeds lie in Corpus/NAME.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// libFuzzer brings its own `main`.
let fuzzer = strict + [.unsafeFlags(["-parse-as-library"])]

let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "chorus-fuzz",
    products: [
        .executable(name: "fuzz-audio", targets: ["FuzzAudio"]),
        .executable(name: "fuzz-configuration", targets: ["FuzzConfiguration"]),
        .executable(name: "fuzz-form", targets: ["FuzzForm"]),
        .executable(name: "fuzz-header", targets: ["FuzzHeader"]),
        .executable(name: "fuzz-request", targets: ["FuzzRequest"]),
        .executable(name: "fuzz-wyoming", targets: ["FuzzWyoming"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        .target(name: "SpeechCore", swiftSettings: strict),
        .target(name: "PoolCore", swiftSettings: strict),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto"),
        .target(name: "Hashing", dependencies: ["CCrypto"], swiftSettings: strict),
        .target(name: "Wyoming", dependencies: ["SpeechCore", nioCore], swiftSettings: strict),
        .target(name: "CNVML"),
        .target(name: "Devices", dependencies: ["CNVML"], swiftSettings: strict),
        .target(name: "Observability", dependencies: [coreMetrics, logging], swiftSettings: strict),
        .systemLibrary(name: "CLibAV", pkgConfig: "libavformat libavcodec libavutil libswresample"),
        .systemLibrary(name: "CSonic"),
        .target(name: "AudioEncoding", dependencies: ["SpeechCore", "CLibAV", "CSonic"], swiftSettings: strict),
        // The lengths of segments.
        .target(name: "SpeechPipeline", swiftSettings: strict),
        // Keys and origins.
        .target(name: "SpeechAPI", dependencies: ["SpeechCore", "Hashing"], swiftSettings: strict),
        // Accounts of the system.
        .target(name: "Supervisor", swiftSettings: strict),

        .executableTarget(name: "FuzzAudio", dependencies: ["AudioEncoding", "SpeechCore"], swiftSettings: fuzzer),
        .executableTarget(
            name: "FuzzConfiguration",
            dependencies: [
                "Devices", "Observability", "PoolCore", "SpeechAPI", "SpeechCore", "SpeechPipeline", "Supervisor",
                logging, yams,
            ],
            swiftSettings: fuzzer
        ),
        .executableTarget(name: "FuzzForm", dependencies: ["AudioEncoding", "SpeechCore"], swiftSettings: fuzzer),
        .executableTarget(name: "FuzzHeader", dependencies: ["SpeechCore", httpTypes], swiftSettings: fuzzer),
        .executableTarget(name: "FuzzRequest", dependencies: ["SpeechCore"], swiftSettings: fuzzer),
        .executableTarget(name: "FuzzWyoming", dependencies: ["Wyoming", nioCore], swiftSettings: fuzzer),
    ]
)
