// swift-tools-version:6.2
import PackageDescription

// Fuzzers of everything that parses bytes from outside, by libFuzzer. `run.sh` builds and runs them.
//
// The code under test is linked from ../Sources, so that it is instrumented and its `package` declarations are visible.
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

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

let package = Package(
    name: "chorus-fuzz",
    products: [
        .executable(name: "fuzz-request", targets: ["FuzzRequest"]),
        .executable(name: "fuzz-wyoming", targets: ["FuzzWyoming"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2")
    ],
    targets: [
        .target(name: "SpeechCore", swiftSettings: strict),
        .target(name: "Wyoming", dependencies: ["SpeechCore", nioCore], swiftSettings: strict),
        .executableTarget(name: "FuzzRequest", dependencies: ["SpeechCore"], swiftSettings: fuzzer),
        .executableTarget(name: "FuzzWyoming", dependencies: ["Wyoming", nioCore], swiftSettings: fuzzer),
    ]
)
