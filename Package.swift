// swift-tools-version:6.2
import PackageDescription

/// Swift 6 mode, explicit imports and isolation; a warning fails the build.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let inMemoryLogging: Target.Dependency = .product(name: "InMemoryLogging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let metricsTestKit: Target.Dependency = .product(name: "MetricsTestKit", package: "swift-metrics")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioExtras: Target.Dependency = .product(name: "NIOExtras", package: "swift-nio-extras")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "chorus",
    products: [
        .executable(name: "chorus", targets: ["chorus"]),
        .executable(name: "chorus-espeak", targets: ["EspeakWorker"]),
        // NVIDIA's management library for tests: opened at run time, as the real one is.
        .library(name: "FakeNVML", type: .dynamic, targets: ["FakeNVML"]),
        // System calls that fail when a test says so: loaded before all other libraries.
        .library(name: "FaultyIO", type: .dynamic, targets: ["FaultyIO"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2", traits: []),
    ],
    targets: [
        // MARK: The cores
        .target(name: "SpeechCore", swiftSettings: strict),
        .target(name: "PoolCore", swiftSettings: strict),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "Hashing", dependencies: ["CCrypto"], swiftSettings: strict),
        .target(name: "Wyoming", dependencies: ["SpeechCore", nioCore], swiftSettings: strict),

        // MARK: The shells
        .target(name: "CSpawn"),
        .target(name: "CNVML"),
        .target(name: "Devices", dependencies: ["CNVML"], swiftSettings: strict),
        .target(
            name: "Supervisor",
            dependencies: [
                "SpeechCore", "PoolCore", "Wyoming", "Devices", "Hashing", "CSpawn", nioCore, nioPosix, lifecycle,
                logging, metrics,
            ],
            swiftSettings: strict
        ),
        .systemLibrary(name: "CICU", pkgConfig: "icu-uc", providers: [.apt(["libicu-dev"])]),
        .target(
            name: "SpeechPipeline",
            dependencies: ["SpeechCore", "Hashing", "CICU", metrics],
            swiftSettings: strict
        ),
        .systemLibrary(
            name: "CLibAV",
            pkgConfig: "libavformat libavcodec libavutil libswresample",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libavutil-dev", "libswresample-dev"])]
        ),
        .systemLibrary(name: "CSonic", providers: [.apt(["libsonic-dev"])]),
        .target(name: "AudioEncoding", dependencies: ["SpeechCore", "CLibAV", "CSonic"], swiftSettings: strict),
        .target(
            name: "SpeechAPI",
            dependencies: [
                "SpeechCore", "AudioEncoding", "Hashing", hummingbirdCore, httpTypes, nioCore, nioExtras, nioHTTPTypes,
                nioPosix, nioSSL, lifecycle, logging, metrics,
            ],
            swiftSettings: strict
        ),
        .target(name: "Observability", dependencies: [coreMetrics, logging], swiftSettings: strict),

        // MARK: The programs
        .executableTarget(
            name: "chorus",
            dependencies: [
                "SpeechCore", "PoolCore", "Devices", "Supervisor", "SpeechPipeline", "AudioEncoding", "SpeechAPI",
                "Observability",
                argumentParser, lifecycle, logging, metrics, nioCore, nioHTTP1, nioPosix, nioSSL, subprocess,
                unixSignals, yams,
            ],
            swiftSettings: strict
        ),
        .systemLibrary(name: "CEspeak", pkgConfig: "espeak-ng", providers: [.apt(["libespeak-ng-dev"])]),
        .executableTarget(
            name: "EspeakWorker",
            dependencies: ["SpeechCore", "Wyoming", "CEspeak", nioCore],
            swiftSettings: strict
        ),

        // MARK: Tests
        .target(name: "SpeechTestSupport", dependencies: ["SpeechCore", "PoolCore"], swiftSettings: strict),
        // Apart, because programs link SpeechTestSupport.
        .target(name: "TestTraits", path: "Tests/TestTraits", swiftSettings: strict),
        .executableTarget(
            name: "FakeWorker",
            dependencies: ["SpeechCore", "SpeechTestSupport", "Wyoming", "CSpawn", nioCore],
            path: "Tests/FakeWorker",
            swiftSettings: strict
        ),
        .target(name: "FakeNVML", path: "Tests/FakeNVML"),
        .target(name: "FaultyIO", path: "Tests/FaultyIO"),
        .testTarget(name: "DevicesTests", dependencies: ["Devices", "SpeechTestSupport"], swiftSettings: strict),
        .testTarget(name: "SpeechCoreTests", dependencies: ["SpeechCore"], swiftSettings: strict),
        .testTarget(
            name: "PoolCoreTests",
            dependencies: ["PoolCore", "SpeechTestSupport", "TestTraits"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WyomingTests",
            dependencies: ["SpeechCore", "SpeechTestSupport", "Wyoming", nioCore],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EspeakWorkerTests",
            dependencies: ["EspeakWorker", "FakeWorker", "SpeechCore", "SpeechTestSupport", "Wyoming", nioCore],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SupervisorTests",
            dependencies: [
                "Supervisor", "Devices", "FakeWorker", "SpeechCore", "PoolCore", "SpeechTestSupport", "TestTraits",
                nioCore, nioPosix, lifecycle, logging,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SpeechPipelineTests",
            dependencies: ["SpeechCore", "SpeechPipeline", "SpeechTestSupport", metrics, metricsTestKit],
            swiftSettings: strict
        ),
        .testTarget(
            name: "AudioEncodingTests",
            dependencies: ["AudioEncoding", "SpeechCore"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SpeechAPITests",
            dependencies: [
                "SpeechAPI", "SpeechCore", "SpeechTestSupport", "AudioEncoding", httpTypes, inMemoryLogging, nioCore,
                nioEmbedded, nioHTTPTypes, nioPosix, lifecycle, logging, metrics, metricsTestKit,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ObservabilityTests",
            dependencies: ["Observability", coreMetrics, logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ChorusTests",
            dependencies: [
                "chorus", "Devices", "Observability", "PoolCore", "SpeechCore", argumentParser, logging, nioCore,
                nioHTTP1,
                nioPosix,
            ],
            swiftSettings: strict
        ),
        // The scheduler's promises as figures, and as many random lives of it as one likes.
        .executableTarget(
            name: "PoolLab",
            dependencies: ["PoolCore", "SpeechTestSupport", argumentParser],
            path: "Tests/PoolLab",
            swiftSettings: strict
        ),
        .testTarget(name: "TidyTests", exclude: ["Fixtures"], swiftSettings: strict),
    ]
)
