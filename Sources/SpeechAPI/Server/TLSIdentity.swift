import NIOSSL
import Synchronization

/// The certificate and the private key that a server shows. They can be read again while it serves.
package final class TLSIdentity: Sendable {
    /// The files do not make an identity.
    package struct Failure: Error, CustomStringConvertible {
        /// What is wrong, and with which file.
        package let description: String
    }

    private let current: Mutex<(files: Files, context: NIOSSLContext)>

    /// Where the two are.
    package struct Files: Sendable, Equatable {
        /// The certificate and those that vouch for it, in PEM, its own first.
        package var certificate: String
        /// Its private key, in PEM.
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Reads the files.
    package init(_ files: Files) throws(Failure) {
        current = Mutex((files, try Self.context(files)))
    }

    /// Reads the files again. Connections that are there go on with what they have; when the files are no good, so do
    /// those that come.
    package func reload() throws(Failure) {
        let files = current.withLock { $0.files }
        let context = try Self.context(files)
        current.withLock { $0 = (files, context) }
    }

    /// What a new connection needs.
    var context: NIOSSLContext { current.withLock { $0.context } }

    private static func context(_ files: Files) throws(Failure) -> NIOSSLContext {
        let chain: [NIOSSLCertificateSource]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) }
        } catch {
            throw Failure(description: "\(files.certificate) holds no certificate in PEM that can be read (\(error)).")
        }
        do {
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain,
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Failure(
                description: "\(files.key) holds no private key in PEM that belongs to \(files.certificate) (\(error))."
            )
        }
    }
}
