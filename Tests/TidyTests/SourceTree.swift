import Foundation

/// The package's files on disk, read once.
enum SourceTree {
    /// Every text file of the package, by path.
    static let package = files(below: root)
    /// Files that break the rules, each as it would be without its last extension, `txt`.
    static let fixtures = files(below: root.appending(path: fixturePath)).map {
        SourceFile(path: String($0.path.dropLast(".txt".count)), text: $0.text)
    }

    private static let root =
        URL(filePath: #filePath).resolvingSymlinksInPath().appending(path: "../../..").standardizedFileURL
    private static let fixturePath = "Tests/TidyTests/Fixtures"
    /// Directories that are made, fetched or not text. Hidden ones are left out too, but for ours.
    private static let left: Set<String> = ["__pycache__", "node_modules", "corpus", "Corpus"]
    private static let hiddenButOurs: Set<String> = [".ci"]

    private static func files(below root: URL) -> [SourceFile] {
        files(in: "", of: root).sorted { $0.path < $1.path }
    }

    /// What cannot be read, or is not UTF-8, is left out.
    private static func files(in directory: String, of root: URL) -> [SourceFile] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: directory).path)
        return (names ?? []).flatMap { name -> [SourceFile] in
            let path = directory.isEmpty ? name : directory + "/" + name
            let url = root.appending(path: path)
            guard let values = try? url.resourceValues(forKeys: [.isDirectoryKey, .isRegularFileKey]) else { return [] }
            if values.isDirectory == true {
                let isHidden = name.hasPrefix(".") && !hiddenButOurs.contains(name)
                return isHidden || left.contains(name) || path == fixturePath ? [] : files(in: path, of: root)
            }
            guard values.isRegularFile == true, let text = try? String(contentsOf: url, encoding: .utf8) else {
                return []
            }
            return [SourceFile(path: path, text: text)]
        }
    }
}
