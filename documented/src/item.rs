//! Writes what the stub says into the attributes that the `pyo3` macros read.

use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Fields, ImplItem, ImplItemFn, Item, ItemImpl, ItemStruct, LitStr, parse_quote,
};
use syn::{Ident, Result, Type};

use crate::stub::{Class, Stub};

pub fn describe(item: &mut Item, stub: &Stub) -> Result<()> {
    match item {
        Item::Struct(class) => {
            let described = find_class(stub, &class.ident)?;
            describe_class(class, described)
        }
        Item::Impl(methods) => describe_methods(methods, stub),
        Item::Fn(function) => {
            let name = function.sig.ident.to_string();
            let Some(described) = stub.functions.get(&name) else {
                return Err(Error::new(function.sig.ident.span(), missing(&name)));
            };
            add_doc(&mut function.attrs, described.doc.as_deref())?;
            add_signature(&mut function.attrs, &described.signature(None));
            function.attrs.push(explained());
            Ok(())
        }
        other => Err(Error::new(other.span(), "only classes, their methods and functions")),
    }
}

/// Where the macros of `pyo3` find what reads arguments, so that it can say which there are.
fn explained() -> Attribute {
    parse_quote!(#[pyo3(crate = "crate::bridge::arguments")])
}

fn missing(name: &str) -> String {
    format!("the stub has no `{name}`")
}

fn find_class<'a>(stub: &'a Stub, name: &Ident) -> Result<&'a Class> {
    let name_of_class = name.to_string();
    let found = stub.classes.get(&name_of_class);
    found.ok_or_else(|| Error::new(name.span(), missing(&name_of_class)))
}

fn describe_class(class: &mut ItemStruct, described: &Class) -> Result<()> {
    add_doc(&mut class.attrs, described.doc().as_deref())?;
    let shows_all = class.attrs.iter().any(|attribute| mentions(attribute, "pyclass", "get_all"));
    let Fields::Named(fields) = &mut class.fields else { return Ok(()) };
    for field in &mut fields.named {
        let shown = shows_all || field.attrs.iter().any(|one| mentions(one, "pyo3", "get"));
        let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        if let Some(property) = described.members.get(name.trim_start_matches("r#"))
            && shown
        {
            add_doc(&mut field.attrs, property.doc.as_deref())?;
        }
    }
    Ok(())
}

fn describe_methods(methods: &mut ItemImpl, stub: &Stub) -> Result<()> {
    let Type::Path(class) = &*methods.self_ty else {
        return Err(Error::new(methods.self_ty.span(), "expected the name of a class"));
    };
    let class = find_class(stub, &class.path.segments[0].ident)?;
    for item in &mut methods.items {
        if let ImplItem::Fn(method) = item {
            describe_method(method, class)?;
        }
    }
    methods.attrs.push(explained());
    Ok(())
}

fn describe_method(method: &mut ImplItemFn, class: &Class) -> Result<()> {
    let has = |name| method.attrs.iter().any(|attribute| attribute.path().is_ident(name));
    if has("new") {
        if let Some(constructor) = class.constructor() {
            add_signature(&mut method.attrs, &constructor.signature(None));
        }
        return Ok(());
    }
    let (is_static, is_property) = (has("staticmethod"), has("getter"));
    let name = python_name(&method.attrs).unwrap_or_else(|| method.sig.ident.to_string());
    let Some(described) = class.members.get(&name) else { return Ok(()) };
    add_doc(&mut method.attrs, described.doc.as_deref())?;
    // PyO3 gives special methods, whose arguments Python fixes, their signatures.
    if !is_property && !name.starts_with("__") {
        let receiver = if is_static { None } else { Some("$self") };
        add_signature(&mut method.attrs, &described.signature(receiver));
    }
    Ok(())
}

/// The name by `#[pyo3(name = "...")]`.
fn python_name(attributes: &[Attribute]) -> Option<String> {
    let mut name = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("pyo3")) {
        // What else there may be in it is the business of `pyo3`.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                name = Some(meta.value()?.parse::<LitStr>()?.value());
            }
            Ok(())
        });
    }
    name
}

fn add_doc(attributes: &mut Vec<Attribute>, doc: Option<&str>) -> Result<()> {
    let Some(doc) = doc else { return Ok(()) };
    if let Some(second) = attributes.iter().find(|attribute| attribute.path().is_ident("doc")) {
        return Err(Error::new(second.span(), "the stub documents this; write a `//` comment"));
    }
    attributes.push(parse_quote!(#[doc = #doc]));
    Ok(())
}

fn add_signature(attributes: &mut Vec<Attribute>, signature: &str) {
    attributes.push(parse_quote!(#[pyo3(text_signature = #signature)]));
}

/// Whether the attribute is called `name` and has `word` among its arguments.
fn mentions(attribute: &Attribute, name: &str, word: &str) -> bool {
    let is_named = attribute.path().segments.last().is_some_and(|last| last.ident == name);
    let arguments = attribute.meta.require_list().map(|list| list.tokens.to_string());
    is_named && arguments.is_ok_and(|tokens| tokens.split(',').any(|one| one.trim() == word))
}
