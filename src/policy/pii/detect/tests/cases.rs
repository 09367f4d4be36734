//! Values with what surrounds them: `«…»` marks each finding.

use super::*;

#[track_caller]
fn check(entity: Entity, marked: &[&str]) {
    for &marked in marked {
        let text: String = marked.chars().filter(|c| !matches!(c, '«' | '»')).collect();
        let mut seen = text.clone();
        for finding in whole_of(core().with(entity), &text).iter().rev() {
            assert_eq!(finding.entity, entity, "{text:?}");
            assert!((0.0..=1.0).contains(&finding.score));
            seen.insert(finding.range.end, '»');
            seen.insert(finding.range.start, '«');
        }
        assert_eq!(seen, marked);
    }
}

#[test]
fn email() {
    check(
        Entity::EmailAddress,
        &[
            "«ada@example.org»",
            "<«ada@example.org»>",
            "mailto:«ada@example.org»?subject=x",
            "e=«a.b-c_d+e@x.example.co.uk»,",
            "Write to «ada@example.org».",
            "«ada@example.org».Then",
            "'«ada@example.org»'",
            "«o'neil@example.org»",
            "...«ada@example.org»",
            "-«ada@example.org»",
            "邮箱«test@test.com»请",
            "«jürgen@bücher.example»",
            "«a@例え.中国»",
            "«1@2.io»",
            "«user@xn--bcher-kva.xn--p1ai»",
            "«ada@example.org»\\n",
            "«ada@example.org»/x",
            "이메일 «ada@example.org»으로",
            "«4111111111111111@example.org»",
            "«212-555-0123@example.org»",
            "a..b@example.org",
            ".a@example.org",
            "a.@example.org",
            "@user@example.org",
            "a@b@example.org",
            "a@example",
            "a@x_y.org",
            "a@example.org_",
            "a@-x.org",
            "logo@2x.png",
            "getty@tty1.service",
            "pkg@1.2.3",
            "git@github.com:a/b",
            "ftp://me:pw@example.org/",
            "https://me@example.org/",
            "a@example.c",
            "a@example.o1",
            "a@1.2.3.4.5",
            "x @app.route y",
            "a @ b.org",
            "a@.org",
            "a@b..org",
        ],
    );
    let local = "x".repeat(64);
    check(
        Entity::EmailAddress,
        &[
            &format!("«{local}@example.org»"),
            &format!("x{local}@example.org"),
            &format!("x.{local}@example.org"),
        ],
    );
    let label = "y".repeat(63);
    check(
        Entity::EmailAddress,
        &[&format!("«a@{label}.org»"), &format!("a@y{label}.org")],
    );
}

#[test]
fn phone() {
    check(
        Entity::PhoneNumber,
        &[
            "«+442079460018»",
            "«+44 20 7946 0018»",
            "«+44 (0)20 7946 0018»",
            "«(+44) 20 7946 0018»",
            "«+1-212-555-0123»",
            "«+1 (212) 555-0123», ok",
            "«+33 6 12 34 56 78» 2024",
            "«0049 30 901820»",
            "«001-518-640-0854»",
            "tel «0033612345678»",
            "«(212) 555-0123»",
            "«(212)555-0123»",
            "«212-555-0123»",
            "«212.555.0123»",
            "«212 555 0123»",
            "«1-800-555-0199»",
            "«1 (800) 555-0199»",
            "«212-555-0123x45»",
            "«(212) 555-0123 ext. 45»",
            "«212-555-0123» extra",
            "«01 23 45 67 89»",
            "«01.23.45.67.89»",
            "«06-12345678»",
            "«020 7946 0018»",
            "«(0161) 496 0000»",
            "«0161-496-0000»",
            "«0176/12345678»",
            "«030 901820-0»",
            "«07700 900123»",
            "«(11) 91234-5678»",
            "«138-1234-5678»",
            "Tel.: «5550123»",
            "phone «555-0123» 24 hours",
            "Téléphone : «612345678»",
            "call me at «12 34 56 78».",
            "\"phone\": \"«2125550123»\"",
            "phone_number=«2125550123»",
            "电话：«13812345678»",
            "reach us on «699 956 915»",
            "Fax «555-0123»",
            "«555 0123» is my phone",
            "Is «21 88 62 46» still your mobile?",
            "«416 60 039» office\n«781 1704» fax",
            "«5550123»-Fax",
            "Ich bin unter «552 4273» zu erreichen.",
            "my number is «8 564 054 4055»",
            "il mio numero è «3471234567»",
            "ring me back on «02601815908» please",
            "stop the messages to «969148654»",
            "Desk: «07172795849»",
            "reach us at «43788152»",
            "Phone: «83 45 36»",
            "Phone: «08-80 62 91»",
            "Phone: «06-1/700 7061»",
            "reach her at «0064-832 54».",
            "Is «29 56 42» still your mobile?",
            "telefon «06-22/189 3244»",
            "a text message on your registered «0874398143»",
            "the switchboard is «15033735217»",
            "call-«212-555-0123»",
            "«8 (495) 123-45-67»",
            "«8-495-123-45-67»",
            "«+(370) 30154048»",
            "«05292 55173 290»",
            "TEL-«212-555-0123»",
            "«+1\u{a0}212\u{2011}555\u{2011}0123»",
            "Tel«(0161) 496 0000»",
        ],
    );
    check(
        Entity::PhoneNumber,
        &[
            "2125550123",
            "order 5550123",
            "account 12345678",
            "in 2024 we",
            "2024-05-12",
            "12.05.2024",
            "call on 12-05-2024",
            "call at 2024-05-12",
            "12:34:56",
            "550e8400-0123-4567-8901-446655440000",
            "GMT+0200",
            "+123",
            "+10234567890",
            "0.123456789",
            "v0.12.345",
            "0123456789",
            "600 000 000",
            "call 1 000 000 000",
            "2009/2010",
            "-77.034040723966",
            "E-151673398",
            "978-3-16-148410-0",
            "0-306-40615-2",
            "A212-555-0123",
            "212-555-01234",
            "212-555-0123-4567",
            "_212-555-0123",
            "01-02-2024 10:30",
            "phone id 12345678",
            "{\"phone\":null,\"ts\":1715676856}",
            "01 02 03 04 05 06",
            "0821 6660 9331 1234",
            "DE58 0984 0174 3190 9564 22",
            "+40.712776, -74.005974",
            "$212-555-0123",
            "SKU-212-555-0123",
            "e2836d8b-0106-4249-9788-c6662c92e095",
            "reach us at 20240512",
            "reach us at 10 30 45",
            "phone 83 45 36 1",
            "GI77 QBZG 0467 3675 9722 940",
            "BG24 WTAZ 0098 4809 5089 75",
            "5550123 phones were sold",
            "5550123 office chairs",
            "5550123 is my lucky number",
            "what is my account number 5550123",
            "reached at 1715676856",
        ],
    );
}

#[test]
fn card() {
    check(
        Entity::CreditCard,
        &[
            "«4111111111111111»",
            "«4111 1111 1111 1111»",
            "«4111-1111-1111-1111»",
            "«378282246310005»",
            "«3782 822463 10005»",
            "«30569309025904»",
            "«3056 930902 5904»",
            "«6011000990139424»",
            "«3530111333300000»",
            "«5555555555554444»,",
            "card=«4222222222222»&x",
            "«4111 1111 1111 1111» 12/27",
            "«4111 1111 1111 1111» 123.",
            "(«4111111111111111»)",
            "#«4111111111111111»",
            "卡号«4111111111111111»。",
            "4111111111111112",
            "4111 1111 1111 1112",
            "4111-1111 1111-1111",
            "41111111111111110000",
            "x4111111111111111",
            "4111111111111111x",
            "3.4111111111111111",
            "4111111111111111.5",
            "9111111111111111",
            "4111 1111 1111 1111 1111",
            "1111 4111 1111 1111 1111",
            "4111-1111-1111-1111-1111",
            "ACC-4111111111111111",
            "id/4111111111111111",
            "1715676856123456",
        ],
    );
}

#[test]
fn ssn() {
    check(
        Entity::UsSsn,
        &[
            "«536-22-1234»",
            "SSN: «536-22-1234».",
            "ssn «536 22 1234», ok",
            "SSN «536221234»",
            "Social Security number is «536221234».",
            "social_security=«536221234»",
            "«536221234» is my SSN",
            "Is «536221234» his social security number?",
            "000-22-1234",
            "666-22-1234",
            "900-22-1234",
            "536-00-1234",
            "536-22-0000",
            "536-22 1234",
            "536221234",
            "security 536221234",
            "5536-22-1234",
            "536-22-12345",
            "536-22-1234-5",
            "1-536-22-1234",
            "x536-22-1234",
            "536221234 is my order",
            "SSN 000221234",
            "SSN 536000000",
            "12 536 22 1234",
            "536 22 1234 56",
        ],
    );
}

#[test]
fn iban() {
    check(
        Entity::IbanCode,
        &[
            "«DE89370400440532013000»",
            "«DE89 3704 0044 0532 0130 00»",
            "«de89370400440532013000»",
            "«GB29NWBK60161331926819»",
            "«GB29 NWBK 6016 1331 9268 19».",
            "«NO93 8601 1117 947»",
            "«MT84MALT011000012345MTLCAST001S»",
            "IBAN:«FR14 2004 1010 0505 0001 3M02 606»,",
            "«FR1420041010050500013M02606» x",
            "DE89370400440532013001",
            "DE89 3704 0044 0532 0130 01",
            "DE8937040044053201300",
            "DE893704004405320130000",
            "XX89370400440532013000",
            "De89370400440532013000",
            "DE89 370400440532013000",
            "xDE89370400440532013000",
        ],
    );
}

#[test]
fn ip() {
    check(
        Entity::IpAddress,
        &[
            "«192.168.0.1»",
            "http://«10.0.0.1»:8080/x",
            "«8.8.8.8»/24",
            "«10.0.0.1»-«10.0.0.9»",
            "user@«10.0.0.1»",
            "«0.0.0.0».",
            "«2001:db8::1»",
            "[«2001:db8::1»]:80",
            "«::1»",
            "«1::»",
            "«fe80::1»%eth0",
            "«::ffff:10.0.0.1»",
            "«64:ff9b::192.0.2.1»",
            "«1:2:3:4:5:6:7:8»",
            "«1:2:3:4:5:6:1.2.3.4»",
            "«2001:db8::1»: unreachable",
            "IPv6:«2001:db8::1»",
            "my IPv6 address is «::»",
            "«fe80:0:0:0:204:61ff:fe9d:f156»",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "v1.2.3.4",
            "version 1.2.3.4",
            "x1.2.3.4",
            "1.2.3.4-beta",
            "lib-1.2.3.4",
            "Chrome/120.0.0.0",
            "1.2.3.4.tar",
            "section 1.2.3.4",
            "12:34:56",
            "aa:bb:cc:dd:ee:ff",
            "00:11:22:33:44:55:66:77",
            "2001::db8::1",
            "std::vec",
            "x :: Int",
            "face::bad",
            "list[1::2]",
            "a[::2]",
            "1:2:3:4:5:6:7:8:9",
            "gggg:hhhh::1",
            "::ffff:192.168.1",
            "2001:db8::256.1.1.1",
            ":::",
            "12345::1",
            "1:2:3:4:5:6:7",
            "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
        ],
    );
}

#[test]
fn escapes_of_json_within_a_text_are_boundaries() {
    check(
        Entity::EmailAddress,
        &[
            r#"{"b":"Hi\n«jane@example.com»"}"#,
            r"\u0020«jane@example.com»",
            // An escaped backslash is none of them.
            r"C:\\«njane@example.com»",
        ],
    );
    check(Entity::UsSsn, &[r#"{"b":"SSN:\n«219-09-9999»"}"#]);
    check(Entity::CreditCard, &[r"x\n«4111 1111 1111 1111»"]);
    check(Entity::IpAddress, &[r"a\t«192.168.1.77»\r"]);
    check(Entity::IbanCode, &[r"IBAN\n«DE89370400440532013000»"]);
}
